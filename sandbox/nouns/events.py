"""Events (https://docs.stripe.com/api/events)."""

from sandbox.world.errors import invalid, missing
from sandbox.world.events import matches
from sandbox.world.noun import Call, listing, route, setting
from sandbox.world.store import Data

# Seconds for which an event can be read back; Stripe keeps them for 30 days.
setting("event_retention", 30 * 86400)


@route("GET", "/v1/events")
def list_events(call: Call) -> Data:
    """The events of the account, or of the platform itself: by type, creation and success of delivery."""
    one, several = call.params.get("type"), call.params.get("types")
    if one is not None and several is not None:
        raise invalid("You may only specify one of these parameters: type, types.", "parameters_exclusive", "types")
    if several is not None and len(several) > 20:
        raise invalid("You may pass at most 20 event types.", param="types")
    wanted, success = several or ([one] if one else []), call.params.get("delivery_success")

    def match(event: Data) -> bool:
        delivered = success is None or success == (event["pending_webhooks"] == 0)
        return (
            _kept(call, event)
            and delivered
            and (not wanted or any(matches(pattern, event["type"]) for pattern in wanted))
        )

    return listing(call, "event", url="/v1/events", account=call.account, match=match)


@route("GET", "/v1/events/{id}")
def retrieve_event(call: Call) -> Data:
    """One event of the account or platform."""
    event = call.store.get("event", call.ids["id"], call.account)
    if event is None or not _kept(call, event):
        raise missing("event", call.ids["id"])
    return event


def _kept(call: Call, event: Data) -> bool:
    kept: bool = event["created"] > call.world.now - call.world.settings["event_retention"]
    return kept
