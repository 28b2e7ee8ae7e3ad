"""The Issuing pages of one account, viewed as it, at Stripe's Dashboard's own addresses."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.sessions import get_object, view_as
from console.site import page
from issuing import lists, pages
from issuing.models import Authorization, Card, Cardholder, Topup, Transaction


@require_safe
@view_as
def overview(request: HttpRequest, account_id: str) -> HttpResponse:
    """Badge, balances, the last days, what to do next."""
    return page(request, "issuing/overview.html", pages.overview(request, account_id))


@require_safe
@view_as
def balances(request: HttpRequest, account_id: str) -> HttpResponse:
    """Both balances and their movements."""
    return page(request, "issuing/balances.html", pages.balances(request, account_id))


@require_safe
@view_as
def cardholders(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's cardholders."""
    return _list(request, account_id, lists.CARDHOLDERS)


@require_safe
@view_as
def cards(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's cards."""
    return _list(request, account_id, lists.CARDS)


@require_safe
@view_as
def authorizations(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's authorizations."""
    return _list(request, account_id, lists.AUTHORIZATIONS)


@require_safe
@view_as
def transactions(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's transactions."""
    return _list(request, account_id, lists.TRANSACTIONS)


@require_safe
@view_as
def topups(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's top-ups."""
    return _list(request, account_id, lists.TOPUPS)


def _list(request: HttpRequest, account_id: str, listing: lists.Listing) -> HttpResponse:
    return page(request, "issuing/list.html", lists.context(request, account_id, listing))


@require_safe
@view_as
def cardholder(request: HttpRequest, account_id: str, cardholder_id: str) -> HttpResponse:
    """One cardholder."""
    row = get_object(request, Cardholder, account_id, cardholder_id)
    return page(request, "issuing/cardholder.html", pages.cardholder(request, row))


@require_safe
@view_as
def card(request: HttpRequest, account_id: str, card_id: str) -> HttpResponse:
    """One card."""
    row = get_object(request, Card, account_id, card_id)
    return page(request, "issuing/card.html", pages.card(request, row))


@require_safe
@view_as
def authorization(request: HttpRequest, account_id: str, authorization_id: str) -> HttpResponse:
    """One authorization, and why it was answered as it was."""
    row = get_object(request, Authorization, account_id, authorization_id)
    return page(request, "issuing/authorization.html", pages.authorization(request, row))


@require_safe
@view_as
def transaction(request: HttpRequest, account_id: str, transaction_id: str) -> HttpResponse:
    """One transaction."""
    row = get_object(request, Transaction, account_id, transaction_id)
    return page(request, "issuing/transaction.html", pages.transaction(request, row))


@require_safe
@view_as
def topup(request: HttpRequest, account_id: str, topup_id: str) -> HttpResponse:
    """One top-up."""
    row = get_object(request, Topup, account_id, topup_id)
    return page(request, "issuing/topup.html", pages.topup(request, row))
