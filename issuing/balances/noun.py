"""What the shell may ask about balances."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts.account.models import Account
from console.people.signed_in import staff
from console.shell import figures, formats, nouns
from console.shell.links import DOCS
from console.shell.moves import STAFF
from console.shell.nouns import Item, Noun, Queue, Tab, Waiting
from gateway import clock
from issuing.balances.admin import SHORT, ShortBalanceFilter
from issuing.balances.models import SOON, Balance, BalanceTransaction, Shortage, shortages

TOPUP = "issuing.create_topup"


def kept() -> list[list[Any]]:
    """All of them as the worker keeps them: [account, currency, available, spent, unix seconds or null]."""
    rows = ((short.account.pk, short.currency, short.available, short.spent, short.at) for short in shortages())
    return [[*row, int(at.timestamp()) if at else None] for *row, at in rows]


def short_balances(request: HttpRequest, most: int) -> Waiting:
    """All of them, the first as items; the button tops up for those who may. Two queries."""
    rows = figures.of(request, SHORT)
    accounts = Account.objects.in_bulk([row[0] for row in rows[:most]])
    shown = [
        Shortage(accounts[account_id], currency, available, spent, clock.from_unix(at))
        for account_id, currency, available, spent, at in rows[:most]
        if account_id in accounts
    ]
    return Waiting([clock.from_unix(at) for *_, at in rows], [_item(request, short) for short in shown])


def of_account(request: HttpRequest, account_id: str) -> list[Item]:
    """That of one account. One query."""
    return [_item(request, short) for short in shortages(account_id)]


def _item(request: HttpRequest, short: Shortage) -> Item:
    may = staff(request).has_perm("issuing.create_topup")
    return Item(
        object_id=f"{short.account.pk}.balance",
        title="Issuing balance runs out" if short.at else "Issuing balance is used up",
        why=_why(short),
        url=reverse("balances", args=[short.account.pk]),
        move=STAFF,
        at=short.at,
        start=short.at - SOON if short.at else None,
        account_id=short.account.pk,
        account_name=str(short.account),
        button="Top up" if may else "Open",
        button_url=reverse("account_verb", args=[short.account.pk, TOPUP]) if may else "",
    )


def page_of(object_id: str) -> str:
    """The page of what a balance transaction is for, else its account's balances; "" for none. Two queries."""
    row = BalanceTransaction.objects.filter(pk=object_id[:255]).first()
    if row is None or not row.account_id:
        return ""
    return nouns.jump(row.source) or reverse("balances", args=[row.account_id])


def _why(short: Shortage) -> str:
    left = formats.amount(short.available, short.currency)
    if short.at is None:
        return f"{left} left; authorizations are declined for insufficient funds"
    return f"{left} left; spends {formats.amount(short.spent // 24, short.currency)} an hour"


NOUN = Noun(
    model=Balance,
    event_types=("balance.available",),
    tabs=(Tab(label="Balances", path="balance/overview", icon="balances", section="Money", order=5),),
    queues=(
        Queue(
            name="balances",
            one="account whose Issuing balance needs a top-up",
            label="accounts whose Issuing balance needs a top-up",
            link=lambda: f"{reverse('admin:accounts_account_changelist')}?balance=short",
            waiting=short_balances,
            of_account=of_account,
            count=lambda: len(figures.value(SHORT)),
            permission="issuing.view_topup",
            order=5,
        ),
    ),
    rules={"issuing_balance": f"{DOCS}/issuing/funding/balance"},
    page_of={"txn_": page_of},
    dashboard=(("balance-overview", "{account}/balance/overview"),),
    filters=(ShortBalanceFilter,),
    figures={SHORT: kept},
)
