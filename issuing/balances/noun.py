"""What balances add to the shell."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse

from accounts.account.models import Account
from accounts.requirements.models import STAFF
from console.people.signed_in import staff
from console.shell import formats
from console.shell.registry import COUNTED, Need, Queue, register_queue
from gateway import clock
from issuing.authorizations.models import Authorization
from issuing.balances.models import Balance
from issuing.cardholders.noun import count_held_up, held_up
from issuing.cards.models import Card

DAY = timedelta(days=1)
SOON = timedelta(days=2)  # a balance that lasts longer than this needs nobody today
TOPUP = "issuing.create_topup"


@dataclass(frozen=True)
class Shortage:
    """An Issuing balance that is too small or runs out. Amounts in minor units; `at` None: cards are declined now."""

    account: Account
    currency: str
    available: int
    spent: int  # approved in the last 24 hours
    at: datetime | None


def runs_out(available: int, spent: int, now: datetime) -> datetime | None:
    """When a balance is used up at the rate of the last 24 hours; None where nothing was spent, or nothing is left."""
    return now + DAY * (available / spent) if available > 0 and spent > 0 else None


def shortages() -> list[Shortage]:
    """Of accounts with active cards whose card_issuing is active: declined ones first, then soonest. Three queries."""
    now = clock.now()
    active = Card.objects.with_status("active").order_by().values("account").distinct()
    rows = Balance.objects.filter(
        account__in=active, account__card_issuing__status="active", account__gone_at=None
    ).order_by("account")
    recent = Authorization.objects.filter(created__gte=now - DAY).order_by().values_list("account")
    used = Sum("amount", filter=Q(approved=True), default=0)
    refusals = Count("pk", filter=Q(approved=False, reason="insufficient_funds"))
    uses = {account: (spent, refused) for account, spent, refused in recent.annotate(used=used, refusals=refusals)}
    found = []
    for balance in rows.select_related("account")[:COUNTED]:
        currency = balance.currency()
        available = balance.issuing(currency) or 0
        spent, refused = uses.get(balance.account_id, (0, 0))
        at = None if refused else runs_out(available, spent, now)
        if balance.account and (available <= 0 or refused or (at and at - now < SOON)):
            found.append(Shortage(balance.account, currency, available, spent, at))
    return sorted(found, key=lambda each: each.at or now)


def short_balances(request: HttpRequest, most: int) -> list[Need]:
    """The first of them, as needs; the button tops up for those who may."""
    may = staff(request).has_perm("issuing.create_topup")
    return [
        Need(
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
        for short in shortages()[:most]
    ]


def _why(short: Shortage) -> str:
    left = _money(short.available, short.currency)
    if short.at is None:
        return f"{left} left; purchases are declined for insufficient funds"
    return f"{left} left; spends {_money(short.spent // 24, short.currency)} an hour"


def _money(amount: int, currency: str) -> str:
    return f"{formats.money(amount, currency.upper())} {currency.upper()}"


def register() -> None:
    """Put both into the queue on home."""
    register_queue(
        Queue(
            name="balances",
            label="accounts whose Issuing balance needs a top-up",
            link=lambda: f"{reverse('admin:accounts_account_changelist')}?balance=short",
            times=lambda _: [short.at for short in shortages()],
            needs=short_balances,
            count=lambda: len(shortages()),
            permission="issuing.view_topup",
            order=5,
        )
    )
    register_queue(
        Queue(
            name="cardholders",
            label="cardholders to complete",
            link=lambda: f"{reverse('admin:issuing_cardholder_changelist')}?attention=yes",
            times=lambda _: [None] * count_held_up(),
            needs=held_up,
            count=count_held_up,
            permission="issuing.view_cardholder",
            order=6,
        )
    )
