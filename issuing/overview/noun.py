"""What the shell may ask about the overview of an account's Issuing."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts.account.models import Account
from console.lists import listing
from console.lists.listing import COUNTED, counts, shown_count
from console.operations.buttons import allowed
from console.shell.nouns import AccountPanel, HomePanel, Noun, Tab
from issuing.authorizations.models import Authorization
from issuing.balances.models import Balance
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.overview import pages

FREEZE = "issuing.deactivate_card"
STATUSES = ("active", "inactive", "canceled")


def account_panel(request: HttpRequest, account: Account) -> dict[str, Any]:
    """Cardholders, cards, balance, last use: three queries."""
    cards = Card.objects.of_account(account.pk)
    numbers = counts(Cardholder.objects.of_account(account.pk), *(cards.with_status(name) for name in STATUSES))
    by_status = dict(zip(STATUSES, numbers[1:], strict=True))
    balance = Balance.objects.filter(pk=f"{account.pk}.balance").first()
    currency = balance.currency() if balance else ""
    return {
        "account": account,
        "cardholders": shown_count(numbers[0]),
        "cards": shown_count(min(sum(by_status.values()), COUNTED)),
        "by_status": ", ".join(f"{shown_count(many)} {name}" for name, many in by_status.items() if many),
        "available": balance.issuing(currency) if balance else None,
        "currency": currency,
        "last": Authorization.objects.of_account(account.pk).first(),
        "freeze": _freeze(request, account, by_status["active"]),
    }


def _freeze(request: HttpRequest, account: Account, active: int) -> str:
    """The preview that deactivates all active cards, "" where there are none, or this person may not."""
    if not active or not allowed(request, FREEZE):
        return ""
    return listing.address(
        reverse("bulk", args=[FREEZE]), {"account": account.pk, "status": "active", "back": account.get_absolute_url()}
    )


NOUN = Noun(
    tabs=(Tab(label="Overview", path="issuing/overview", icon="home", order=0),),
    home_panels=(
        HomePanel(
            name="authorizations",
            title="Authorizations, last 14 days",
            template="issuing/overview/panel_home.html",
            context=pages.fortnight,
            permission="issuing.view_authorization",
            order=50,
        ),
    ),
    account_panels=(
        AccountPanel(
            name="issuing",
            title="Issuing",
            template="issuing/overview/panel_account.html",
            context=account_panel,
            permission="issuing.view_card",
            order=10,
        ),
    ),
    figures={pages.BY_DAY: pages.by_day},
    dashboard=(("issuing-overview", "{account}/issuing/overview"),),
)
