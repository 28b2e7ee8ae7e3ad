"""The button that does something about Issuing that is off, for whom it works."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.account.models import Account
from accounts.account.words import Off
from accounts.capabilities.words import ASK_HOLDER, AT_STRIPE, READ_AGAIN
from accounts.issuing_off.models import off_now, readable_rows
from console.operations.buttons import Button
from console.people.signed_in import staff

LINK_VERB, REFRESH_VERB = "accounts.create_account_link", "accounts.refresh"


def off_of(account: Account, *, may_see: bool) -> Off | None:
    """Why its Issuing is off and since when, as somebody may read it. Two queries, none where it is on."""
    own = account.issuing_capability
    if account.gone or account.issuing_off is None:
        return None
    data = account.data or {}
    return off_now(data, own, readable_rows(data, own, may_see=may_see))


def may_link(request: HttpRequest) -> bool:
    """Whether this person may make an onboarding link; in live mode they must be allowed to see it as well."""
    live = settings.CONSOLE_MODE == "live"
    return staff(request).has_perm("accounts.show_account_link" if live else "accounts.create_account_link")


def button(request: HttpRequest, account_id: str, off: Off | None) -> Button | None:
    """The one button, None where nothing is to be done or this person may not."""
    if off is None:
        return None
    if off.button == ASK_HOLDER and may_link(request):
        return _leading("Ask the holder", reverse("account_verb", args=[account_id, LINK_VERB]), "link")
    if off.button == READ_AGAIN and staff(request).has_perm("accounts.refresh_account"):
        return _leading("Read again", reverse("account_verb", args=[account_id, REFRESH_VERB]), "refresh")
    return _leading("Open at Stripe", reverse("out", args=[account_id]), "out") if off.button == AT_STRIPE else None


def _leading(label: str, url: str, icon: str) -> Button:
    return Button(label, url, icon, locked=False, final=False, quiet=False)
