"""Account links: the way into the hosted onboarding form (docs.stripe.com/api/account_links).

A link works once and for five minutes. It cannot be listed, read or revoked, and has no id.
"""

import re
import secrets

from sandbox.world.account_record import AccountRecord
from sandbox.world.errors import StripeError, invalid, missing
from sandbox.world.noun import Call, route, setting
from sandbox.world.store import Data

LINK = "/setup/s/"  # where a link leads: then the account's id and the link's
# Plain http is allowed in test mode; no user names, blanks or other oddities.
WEB_URL = re.compile(r"https?://([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?([/?#][^\s\x00-\x1f]*)?", re.ASCII)
setting("link_life", 300)  # seconds


@route("POST", "/v1/account_links")
def create(call: Call) -> Data:
    """A link for the holder of a connected account."""
    if call.account is not None:
        raise StripeError(
            403,
            "You cannot create account links while acting as a connected account: leave out the Stripe-Account header"
            " and name the account in `account`.",
            code="account_invalid",
        )
    account = call.store.get("account", call.params["account"])
    if account is None:
        raise missing("account", call.params["account"], "account")
    _check(AccountRecord(call.world, account), call.params)
    link = _remember(call)
    url = f"{call.world.base_url.rstrip('/')}{LINK}{link['account']}/{link['id']}"
    return {"object": "account_link", "created": link["created"], "expires_at": link["expires_at"], "url": url}


def _check(record: AccountRecord, params: Data) -> None:
    collects = record.account["controller"].get("requirement_collection") == "application"
    if params["type"] == "account_update" and not collects:
        raise invalid(
            "You cannot create `account_update` type Account Links for this account. This is only available for"
            " accounts where your platform is responsible for requirement collection, including Custom accounts."
            " Try again with type `account_onboarding`.",
            param="type",
        )
    for name in ("refresh_url", "return_url"):
        if name not in params:
            raise invalid(f"Missing required param: {name}.", "parameter_missing", name)
        if not WEB_URL.fullmatch(params[name]):
            raise invalid("Not a valid URL", "url_invalid", name)
    if "collect" in params and "collection_options" in params:
        raise invalid("You may only specify one of these parameters: collect, collection_options.", param="collect")


def _remember(call: Call) -> Data:
    """The link as the sandbox keeps it, under the random part of its address."""
    now, options = call.world.now, call.params.get("collection_options", {})
    link = {
        "id": secrets.token_urlsafe(24),
        "account": call.params["account"],
        "created": now,
        "expires_at": now + call.world.settings["link_life"],
        "type": call.params["type"],
        "fields": options.get("fields") or call.params.get("collect") or "currently_due",
        "future": options.get("future_requirements") == "include",
        "refresh_url": call.params["refresh_url"],
        "return_url": call.params["return_url"],
        "used_at": None,
    }
    call.store.put("account_link", link)
    return link
