"""What mirrors by dj-stripe. It ships a handler for accounts, and models without handlers for what is issued.

As its handlers do, each reads its object from Stripe anew. FROM_SNAPSHOTS is the cheapest way that we found: accounts
too are written as the event shows them, in the order of arrival, whichever is newer.
"""

from typing import Any

from django.conf import settings
from djstripe.event_handlers import djstripe_receiver, handle_account_updated_event
from djstripe.models import Account, Event, IssuingAuthorization, IssuingCard, IssuingCardholder
from djstripe.signals import WEBHOOK_SIGNALS

MODELS = {
    "account": Account,
    "issuing.authorization": IssuingAuthorization,
    "issuing.card": IssuingCard,
    "issuing.cardholder": IssuingCardholder,
}
TYPES = [
    f"issuing_{noun}.{verb}" for noun in ("authorization", "card", "cardholder") for verb in ("created", "updated")
]


class Snapshot(dict[str, Any]):
    """An event's object, with what tells dj-stripe whose it is."""

    stripe_account = ""


def mirror(sender: Any, event: Event, **arguments: Any) -> None:
    """Write the event's object."""
    data, owner, key = Snapshot(event.data["object"]), event.djstripe_owner_account.id, event.default_api_key
    model = MODELS[data["object"]]
    if settings.FROM_SNAPSHOTS:
        data.stripe_account = owner
    else:
        data = model(id=data["id"]).api_retrieve(stripe_account=owner, api_key=key)
    model.sync_from_stripe_data(data, api_key=key)


if settings.FROM_SNAPSHOTS:
    WEBHOOK_SIGNALS["account.updated"].disconnect(handle_account_updated_event, sender=Event)
    TYPES.append("account.updated")
djstripe_receiver(TYPES)(mirror)
