"""What the overview adds to the shell."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest

from accounts.account.models import Account
from accounts.history import pages as accounts_timeline
from console.lists.listing import count
from console.shell.registry import (
    AccountPanel,
    HomePanel,
    MenuEntry,
    Search,
    Tab,
    register_account_panel,
    register_home_panel,
    register_jump,
    register_menu,
    register_search,
    register_view_as_tab,
)
from issuing.authorizations.models import Authorization
from issuing.balances import noun as balances_noun
from issuing.balances.models import Balance
from issuing.base import COUNTED, OfIssuing
from issuing.cardholders.models import Cardholder
from issuing.cardholders.noun import find_cardholders
from issuing.cards.models import Card
from issuing.cards.noun import find_cards
from issuing.overview import plot, timeline
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction


def account_panel(request: HttpRequest, account: Account) -> dict[str, Any]:
    """Cardholders, cards, balance, last use: six queries."""
    cards = Card.objects.of_account(account.pk)
    by_status = {"active": 0, "inactive": 0, "canceled": 0, **cards.count_by_status(("active", "inactive", "canceled"))}
    balance = Balance.objects.filter(pk=f"{account.pk}.balance").first()
    currency = balance.currency() if balance else ""
    return {
        "account": account,
        "cardholders": count(Cardholder.objects.of_account(account.pk)),
        "cards": sum(by_status.values()),
        "by_status": ", ".join(f"{many} {name}" for name, many in by_status.items() if many),
        "available": balance.issuing(currency) if balance else None,
        "currency": currency,
        "last": Authorization.objects.of_account(account.pk).first(),
    }


def jump(model: type[OfIssuing], object_id: str) -> str:
    """The page of an object, "" for an id that we do not have. One query."""
    row: Any = model._default_manager.filter(pk=object_id[:255]).first()
    return row.get_absolute_url() if row else ""


def size(model: type[OfIssuing], account_id: str) -> int:
    """How many an account has, as its menu shows it: counted up to COUNTED. One query."""
    return int(model.objects.of_account(account_id).order_by()[:COUNTED].count())  # type: ignore[attr-defined]


MENU = (
    ("Cardholders", "cardholder", "cardholders"),
    ("Cards", "card", "card"),
    ("Authorizations", "authorization", "bolt"),
    ("Transactions", "transaction", "transactions"),
    ("Top-ups", "topup", "topups"),
)
TABS: tuple[tuple[str, str, str, str, Callable[[str], int] | None], ...] = (
    ("Overview", "issuing/overview", "home", "", None),
    ("Cardholders", "issuing/cardholders", "cardholders", "", partial(size, Cardholder)),
    ("Cards", "issuing/cards", "card", "", partial(size, Card)),
    ("Authorizations", "issuing/authorizations", "bolt", "", None),
    ("Transactions", "issuing/transactions", "transactions", "", None),
    ("Balances", "balance/overview", "balances", "Money", None),
    ("Top-ups", "topups", "topups", "Money", None),
)
JUMPS: dict[str, type[OfIssuing]] = {
    "ich_": Cardholder,
    "ic_": Card,
    "iauth_": Authorization,
    "ipi_": Transaction,
    "tu_": Topup,
}

accounts_timeline.DESCRIBE.append(timeline.describe)


for place, (label, noun, icon) in enumerate(MENU):
    register_menu(
        MenuEntry(
            label=label,
            url=f"admin:issuing_{noun}_changelist",
            icon=icon,
            section="Issuing",
            permission=f"issuing.view_{noun}",
            order=place,
        )
    )


for place, (label, path, icon, section, many) in enumerate(TABS):
    register_view_as_tab(Tab(label=label, path=path, icon=icon, section=section, order=place, count=many))


for prefix, model in JUMPS.items():
    register_jump(prefix, partial(jump, model))


register_search(Search(title="Cards", find=find_cards, permission="issuing.view_card", order=20))
register_search(Search(title="Cardholders", find=find_cardholders, permission="issuing.view_cardholder", order=30))
balances_noun.register()
register_home_panel(
    HomePanel(
        name="authorizations",
        title="Authorizations, last 14 days",
        template="issuing/panel_home.html",
        context=plot.context,
        permission="issuing.view_authorization",
        order=50,
    )
)
register_account_panel(
    AccountPanel(
        name="issuing",
        title="Issuing",
        template="issuing/panel_account.html",
        context=account_panel,
        permission="issuing.view_card",
        order=10,
    )
)
