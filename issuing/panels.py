"""What the Issuing room adds to the shell: menu, view-as tabs, searches, jumps, a panel on the account's page."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.http import HttpRequest

from accounts import timeline as accounts_timeline
from accounts.models import Account
from console.registry import (
    AccountPanel,
    Found,
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
from console.sessions import PERSONAL, staff
from issuing import attention, purchases_plot, timeline, words
from issuing.base import COUNTED, OfIssuing
from issuing.lists import count
from issuing.models import Authorization, Balance, Card, Cardholder, Topup, Transaction

FOUND = 10


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


def find_cards(request: HttpRequest, asked: str) -> Iterable[Found]:
    """Cards by last four or their cardholder's name: ten at most, one query."""
    for card in Card.objects.search(asked[:255]).select_related("cardholder", "account")[:FOUND]:
        detail = " · ".join(
            filter(None, (str(card.cardholder or ""), words.plain(card.status), str(card.account or "")))
        )
        yield Found(label=f"Card {card}", url=card.get_absolute_url(), detail=detail, id=card.pk)


def find_cardholders(request: HttpRequest, asked: str) -> Iterable[Found]:
    """Cardholders by name or (for those who may see it) e-mail: ten at most, one query."""
    personal = staff(request).has_perm(PERSONAL)
    for row in Cardholder.objects.search(asked[:255], personal=personal).select_related("account")[:FOUND]:
        detail = " · ".join(filter(None, (words.plain(row.status), str(row.account or ""))))
        yield Found(label=str(row), url=row.get_absolute_url(), detail=detail, id=row.pk)


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
attention.register()
register_home_panel(
    HomePanel(
        name="authorizations",
        title="Authorizations, last 14 days",
        template="issuing/panel_home.html",
        context=purchases_plot.context,
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
