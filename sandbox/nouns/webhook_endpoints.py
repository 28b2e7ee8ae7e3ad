"""Webhook endpoints (https://docs.stripe.com/api/webhook_endpoints)."""

import secrets
from urllib.parse import urlsplit

from sandbox.world.errors import StripeError, invalid, missing
from sandbox.world.noun import Call, listing, merge_metadata, route
from sandbox.world.store import Data
from sandbox.world.world import new_id

MOST = 16


@route("POST", "/v1/webhook_endpoints")
def create_webhook_endpoint(call: Call) -> Data:
    """A new endpoint; its secret is in this answer and in no other."""
    params = call.params
    if call.store.count("webhook_endpoint", call.account) >= MOST:
        raise invalid(f"You have reached the maximum of {MOST} test webhook endpoints.")
    endpoint: Data = {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": call.world.now,
        "description": params.get("description") or None,
        "enabled_events": _enabled(params["enabled_events"]),
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "status": "enabled",
        "url": _url(params["url"]),
        "_connect": params.get("connect") is True,
        "_secret": f"whsec_{secrets.token_urlsafe(24).replace('-', 'a').replace('_', 'b')}",
    }
    call.store.put("webhook_endpoint", endpoint, call.account)
    return {**endpoint, "secret": endpoint["_secret"]}


@route("GET", "/v1/webhook_endpoints")
def list_webhook_endpoints(call: Call) -> Data:
    """The endpoints of the account or platform."""
    return listing(call, "webhook_endpoint", url="/v1/webhook_endpoints", account=call.account)


@route("GET", "/v1/webhook_endpoints/{id}")
def retrieve_webhook_endpoint(call: Call) -> Data:
    """One endpoint."""
    endpoint = call.store.get("webhook_endpoint", call.ids["id"], call.account)
    if endpoint is None:
        raise missing("webhook_endpoint", call.ids["id"])
    return endpoint


@route("POST", "/v1/webhook_endpoints/{id}")
def update_webhook_endpoint(call: Call) -> Data:
    """Change address, events, description, metadata, or switch it off and on."""
    endpoint, params = retrieve_webhook_endpoint(call), call.params
    if "url" in params:
        endpoint["url"] = _url(params["url"])
    if "enabled_events" in params:
        endpoint["enabled_events"] = _enabled(params["enabled_events"])
    if "description" in params:
        endpoint["description"] = params["description"] or None
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    endpoint["metadata"] = merge_metadata(endpoint["metadata"], params.get("metadata"))
    call.store.put("webhook_endpoint", endpoint, call.account)
    return endpoint


@route("DELETE", "/v1/webhook_endpoints/{id}")
def delete_webhook_endpoint(call: Call) -> Data:
    """Remove it; what was on its way to it is dropped."""
    endpoint = retrieve_webhook_endpoint(call)
    call.store.delete("webhook_endpoint", endpoint["id"], call.account)
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def _enabled(types: list[str]) -> list[str]:
    if not types:
        raise invalid("You must enable at least one event.", param="enabled_events")
    return types


def _url(url: str) -> str:
    """The address if a webhook can be sent there. Raises StripeError `url_invalid`."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or any(sign.isspace() for sign in url):
        words = "Invalid URL: An explicit scheme (such as https) must be provided."
        raise StripeError(400, words, code="url_invalid", param="url")
    return url
