"""Where Stripe's form sends the holder: back from it, or after a link that was used up."""

from typing import Any

from django.urls import path

from accounts.account.pages import AccountPage
from accounts.onboarding import models
from console.viewing.addresses import ACCOUNT


class ReturnPage(AccountPage):
    """Where Stripe's form sends the holder: it proves nothing, not even that anything was filled in.

    A GET writes nothing, so nothing is read again by itself: the event turns the badges, and a button reads again.
    """

    template, title = "accounts/onboarding/return.html", "Back from Stripe"


class LinkUsedPage(AccountPage):
    """Where Stripe sends whoever opens a link that was used or ran out. Staff make a new one, by POST."""

    template, title = "accounts/onboarding/link_used.html", "Link used up"

    def parts(self) -> dict[str, Any]:
        """The links that were made before, too."""
        return {**super().parts(), "links": models.made(self.account_id)}


urlpatterns = [
    path(f"{ACCOUNT}/return", ReturnPage.as_view(), name="return_from_stripe"),
    path(f"{ACCOUNT}/link-used", LinkUsedPage.as_view(), name="refresh_link"),
]
