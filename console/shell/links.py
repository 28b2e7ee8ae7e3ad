"""Ways out to Stripe: the pages its rules come from, and the same object in its Dashboard."""

from django.conf import settings
from django.urls import reverse

from console.shell import nouns

DOCS = "https://docs.stripe.com"
DASHBOARD = "https://dashboard.stripe.com"

# Other spellings of our addresses that the Dashboard also takes: a mode, an account switched to, a final slash.
OTHER_FORMS = (
    r"^(?:test/(?:acct_\w+|connect)(?:/.*)?|acct_\w+/test(?:/.*)?|acct_\w+/connect/accounts(?:/.*)?"
    r"|acct_\w+(?:/.*)?/|connect(?:/.*)?/)$"
)


def dashboard_url(object_id: str, account: str = "") -> str:
    """The object's https address in Stripe's Dashboard, in this console's mode; "" for ids that have no page there.

    With an account it is the account's own page, where there is one.
    """
    viewing = bool(account) and account != object_id
    mode = "" if settings.CONSOLE_MODE == "live" else "test/"
    for prefix, place in (page for noun in nouns.every() for page in noun.dashboard):
        if object_id.startswith(prefix) and ("{account}" in place) == viewing:
            return f"{DASHBOARD}/{mode}{place.format(id=object_id, account=account)}"
    return ""


def out_path(object_id: str, account: str = "") -> str:
    """Our page that leads to the object in Stripe's Dashboard; with an account, viewing as it, and recorded."""
    if not dashboard_url(object_id, account):
        return ""
    if account and account != object_id:
        return reverse("account_out", args=[account, object_id])
    return reverse("out", args=[object_id])


def canonical(path: str) -> str:
    """The one address of a page that the Dashboard knows by several: without mode, switched account and final slash."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["test"]:
        parts = parts[1:]
    if parts and parts[0].startswith("acct_"):
        if parts[1:2] == ["test"]:
            parts = [parts[0], *parts[2:]]
        if parts[1:3] == ["connect", "accounts"]:
            parts = parts[1:]
    return "/" + "/".join(parts)
