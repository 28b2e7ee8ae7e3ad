"""The overview of one account's Issuing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.account.models import Account
from accounts.account.pages import get_account
from console.operations import buttons
from console.shell.site import page
from console.viewing.access import view_as
from issuing.authorizations.models import Authorization
from issuing.balances.pages import funds, history
from issuing.base_pages import RECENT, _buttons
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card


def overview_context(request: HttpRequest, account_id: str) -> dict[str, Any]:
    """The overview: badge, both balances, the last days, recent authorizations, and what to do next. Ten queries."""
    account = get_account(request, account_id)
    found = funds(account)
    recent = Authorization.objects.of_account(account_id).with_card()[:RECENT]
    rows = list(recent)
    step = next_step(request, account, found, rows)
    busy = step is None and account.issuing.name in WORKING
    acts = _buttons(request, account_id, "issuing.create_topup", "issuing.create_test_authorization") if busy else []
    return {
        "title": "Issuing overview",
        "account": account,
        "state": account.issuing,
        "sentence": STATES.get(account.issuing.name, account.issuing.why),
        **found,
        **history(found),
        "rows": rows,
        "next_step": step,
        "buttons": acts,
    }


WORKING = ("enabled", "restricted_soon")  # cards of such an account work
STATES = {
    "enabled": "Cards work.",
    "restricted_soon": "Cards work. Something is due by a date, or they will be declined.",
    "restricted": "Cards are declined until a requirement is met.",
    "in_review": "Stripe is verifying what was given. Until then cards are declined.",
    "rejected": "Stripe or the platform has rejected this account: its cards are declined.",
    "not_requested": "The capability card_issuing is not requested: no cards can be made.",
}


def next_step(
    request: HttpRequest, account: Account, found: dict[str, Any], rows: list[Authorization]
) -> dict[str, Any] | None:
    """What to do first where something is still missing; None once cards have been used. At most three queries."""
    if rows or account.issuing.name not in WORKING:
        return None
    cards = Card.objects.of_account(account.pk)
    steps = (
        ("cardholder", Cardholder.objects.of_account(account.pk).exists(), "issuing.create_cardholder"),
        ("card", cards.with_status("active").exists(), "issuing.create_card"),
        ("money", bool(found["available"]), "issuing.create_topup"),
        ("use", False, "issuing.create_test_authorization"),
    )
    missing, _, verb = next(step for step in steps if not step[1])
    idle = cards.with_status("inactive").first() if missing == "card" else None
    return {
        "steps": [(STEPS[name], done) for name, done, _ in steps],
        "button": buttons.of_object(request, "issuing.activate_card", idle)
        if idle
        else buttons.of_account(request, verb, account.pk),
    }


STEPS = {
    "cardholder": "A cardholder: who may hold cards",
    "card": "A card, and its activation",
    "money": "Money on the Issuing balance",
    "use": "The first authorization",
}


@require_safe
@view_as
def overview(request: HttpRequest, account_id: str) -> HttpResponse:
    """Badge, balances, the last days, what to do next."""
    return page(request, "issuing/overview.html", overview_context(request, account_id))
