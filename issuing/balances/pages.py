"""The page of an account's balances."""

from datetime import UTC, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.account.models import Account
from accounts.account.pages import get_account
from console.operations.buttons import of_account_all
from console.shell import plot
from console.shell.drawing import page
from console.viewing.access import view_as
from console.viewing.objects import RECENT
from gateway import clock
from issuing.balances import words as balances_words
from issuing.balances.models import Balance, BalanceTransaction
from issuing.topups.models import Topup
from issuing.topups.pages import _as_seen

DAYS = 14

MOVEMENTS = 25
CURRENCIES = {"US": "usd", "GB": "gbp"}  # what Stripe issues in; eur elsewhere in Europe


def funds(account: Account) -> dict[str, Any]:
    """Both balances, and what made the Issuing balance of it. Two queries."""
    balance = Balance.objects.filter(pk=f"{account.pk}.balance").first()
    currency = (balance.currency() if balance else "") or CURRENCIES.get(account.country, "eur")
    movements = BalanceTransaction.objects.all()
    sums = movements.sums(account.pk, currency)
    available = balance.issuing(currency) if balance else None
    return {
        "account": account,
        "balance": balance,
        "currency": currency,
        "available": available,
        "sums": sums,
        "complete": available == sums["available"],  # the movements that we know make what Stripe says
        "payments": balance.payments(currency) if balance else None,
        "pending": balance.pending(currency) if balance else None,
        "payments_total": (balance.payments(currency) or 0) + (balance.pending(currency) or 0) if balance else None,
    }


def history(found: dict[str, Any]) -> dict[str, Any]:
    """The Issuing balance of the last days, drawn and as figures. One query."""
    if found["available"] is None:
        return {"days": [], "plot": None, "lasts": None}
    today = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = BalanceTransaction.objects.of_issuing(found["account"].pk).in_currency(found["currency"])
    changes = rows.by_day(today - timedelta(days=DAYS - 1))
    shown = plot.days(changes, found["available"], today.date(), DAYS)
    quiet = not changes and not any(each.balance for each in shown)
    return {
        "days": shown[::-1],
        "plot": None if quiet else plot.plot(shown, found["currency"]),
        "lasts": plot.lasts(shown, found["available"]),
    }


def balances_context(request: HttpRequest, account_id: str) -> dict[str, Any]:
    """Both balances with every movement of the last page, and top-ups. Nine queries."""
    account = get_account(request, account_id)
    found = funds(account)
    movements = BalanceTransaction.objects.of_account(account_id)
    return {
        "title": "Balances",
        **found,
        **history(found),
        "movements": [(each, movement_words(each), source_url(each)) for each in movements[:MOVEMENTS]],
        "topups": [_as_seen(request, row) for row in Topup.objects.of_account(account_id)[:RECENT]],
        "buttons": of_account_all(request, account_id, "issuing.create_topup"),
    }


def movement_words(row: BalanceTransaction) -> str:
    """A movement's type in words; an unknown one as it came."""
    return balances_words.MOVEMENTS.get(row.type, row.type)


SOURCES = {"iauth_": "authorization", "ipi_": "transaction", "tu_": "topup"}


def source_url(row: BalanceTransaction) -> str:
    """Name of the page of what moved it, "" where it has none here."""
    return next((name for prefix, name in SOURCES.items() if row.source.startswith(prefix)), "")


@require_safe
@view_as
def balances(request: HttpRequest, account_id: str) -> HttpResponse:
    """Both balances and their movements."""
    return page(request, "issuing/balances/balances.html", balances_context(request, account_id))
