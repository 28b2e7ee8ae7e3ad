"""Where Stripe's form sends the holder: back from it, or after a link that was used up."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from accounts.account import pages
from accounts.account.pages import get_page
from accounts.onboarding import models
from console.people.signed_in import needs
from console.shell.drawing import page
from console.viewing.addresses import ACCOUNT


@require_safe
@needs("accounts.view_account")
def return_from_stripe(request: HttpRequest, account_id: str) -> HttpResponse:
    """Where Stripe's form sends the holder: it proves nothing, not even that anything was filled in.

    A GET writes nothing, so nothing is read again by itself: the event turns the badges, and a button reads again.
    """
    account_page = get_page(request, account_id)
    context = {**pages.account_context(request, account_page, ""), "title": "Back from Stripe"}
    return page(request, "accounts/onboarding/return.html", context)


@require_safe
@needs("accounts.view_account")
def refresh_link(request: HttpRequest, account_id: str) -> HttpResponse:
    """Where Stripe sends whoever opens a link that was used or ran out. Staff make a new one, by POST."""
    account_page = get_page(request, account_id)
    context = {
        **pages.account_context(request, account_page, ""),
        "links": models.made(account_id),
        "title": "Link used up",
    }
    return page(request, "accounts/onboarding/link_used.html", context)


urlpatterns = [
    path(f"{ACCOUNT}/return", return_from_stripe, name="return_from_stripe"),
    path(f"{ACCOUNT}/link-used", refresh_link, name="refresh_link"),
]
