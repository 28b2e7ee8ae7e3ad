"""The page of an account's balances."""

from datetime import UTC, timedelta
from typing import Any

from django.urls import path

from accounts.account.models import Account, issues_in
from accounts.account.pages import get_account
from console.operations.buttons import of_account_all
from console.people import masking
from console.people.signed_in import may_see
from console.shell import plot
from console.viewing.addresses import VIEWED
from console.viewing.objects import RECENT, AccountView
from gateway import clock
from issuing.balances.models import Balance, BalanceTransaction
from issuing.balances.words import type_words
from issuing.topups.models import Topup

DAYS = 14
LISTED = 25  # balance transactions
PAGES = {"iauth_": "authorization", "ipi_": "transaction", "tu_": "topup"}  # of what moved the balance, by its id


def funds(account: Account) -> dict[str, Any]:
    """Both balances, and what made the Issuing balance of it. Two queries."""
    balance = Balance.objects.filter(pk=f"{account.pk}.balance").first()
    currency = (balance.currency() if balance else "") or issues_in(account.country)
    sums = BalanceTransaction.objects.all().sums(account.pk, currency)
    available = balance.issuing(currency) if balance else None
    return {
        "account": account,
        "balance": balance,
        "currency": currency,
        "available": available,
        "sums": sums,
        "complete": available == sums["available"],  # the balance transactions that we know make what Stripe says
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


class BalancesPage(AccountView):
    """Both balances with their last balance transactions, and top-ups. Nine queries."""

    template = "issuing/balances/balances.html"

    def parts(self) -> dict[str, Any]:
        """What the page shows."""
        found, personal = funds(get_account(self.request, self.account_id)), may_see(self.request)
        topups = list(Topup.objects.of_account(self.account_id)[:RECENT])
        for row in topups:  # to look at, never saved
            row.data = masking.masked(row.data, may_see=personal)
        return {
            "title": "Balances",
            **found,
            **history(found),
            "balance_transactions": [
                (
                    row,
                    type_words(row.type),
                    next((name for each, name in PAGES.items() if row.source.startswith(each)), ""),
                )
                for row in BalanceTransaction.objects.of_account(self.account_id)[:LISTED]
            ],
            "topups": topups,
            "buttons": of_account_all(self.request, self.account_id, "issuing.create_topup"),
        }


urlpatterns = [
    path(f"{VIEWED}/balance/overview", BalancesPage.as_view(), name="balances"),
]
