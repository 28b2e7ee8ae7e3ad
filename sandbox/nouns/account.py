"""Whose key is this? `GET /v1/account` (docs.stripe.com/api/accounts/retrieve)."""

from sandbox.nouns.accounts import platform_account
from sandbox.world.errors import no_access
from sandbox.world.noun import Call, route
from sandbox.world.store import Data


@route("GET", "/v1/account")
def retrieve(call: Call) -> Data:
    """The account that the call acts as: that of the header, or the platform itself."""
    if call.account is None:
        return platform_account(call.world)
    account = call.store.get("account", call.account)
    if account is None:
        raise no_access(call.api_key, call.account)
    return account
