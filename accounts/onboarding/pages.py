"""The pages to which Stripe's form leads: back from it, or after a link that was used up.

A holder does not sign in here: without a sign-in there is a small page that says what to do next and shows nothing of
the connected account, not even whether it exists.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from accounts.account.pages import AccountPage
from accounts.onboarding import models
from console.shell.errors import alone
from console.viewing.addresses import ACCOUNT


class ReturnPage(AccountPage):
    """Where Stripe's form leads the holder. Coming here does not prove that anything was filled in.

    A GET writes nothing, so the account is not read again here: events change the badges, and a button reads it.
    """

    template, title = "accounts/onboarding/return.html", "Back from Stripe"


class LinkUsedPage(AccountPage):
    """Where a link leads that was used or has expired. Staff make a new one, by POST."""

    template, title = "accounts/onboarding/link_used.html", "Link used up"

    def parts(self) -> dict[str, Any]:
        """The links that were made before, too."""
        return {**super().parts(), "links": models.links_of(self.account_id)}


def open_to_holders(staffs: Any, template: str) -> Any:
    """The staff's page for staff; for everybody else a page without the frame, the same for any id."""

    @login_not_required
    @require_safe
    def answer(request: HttpRequest, account_id: str) -> HttpResponse:
        user = request.user
        if user.is_authenticated and user.is_staff:
            return staffs(request, account_id=account_id)
        return alone(200, template, {"platform": settings.PLATFORM_NAME})

    return answer


urlpatterns = [
    path(
        f"{ACCOUNT}/return",
        open_to_holders(ReturnPage.as_view(), "accounts/onboarding/holder_returned.html"),
        name="return_from_stripe",
    ),
    path(
        f"{ACCOUNT}/link-used",
        open_to_holders(LinkUsedPage.as_view(), "accounts/onboarding/holder_link_used.html"),
        name="refresh_link",
    ),
]
