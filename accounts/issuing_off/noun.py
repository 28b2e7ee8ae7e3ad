"""What Issuing that is off tells the shell: whom home lists, and who waits for Stripe."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.account.models import Account
from accounts.account.words import Off
from accounts.issuing_off.models import since, states_of
from accounts.issuing_off.pages import button
from console.lists.filters import Choice
from console.shell.moves import HOLDER, STAFF, STRIPE
from console.shell.nouns import COUNTED, SHOWN, HomePanel, Item, Noun, Queue, Waiting, count_of

MOVERS = {"staff": (STAFF, HOLDER), "stripe": (STRIPE,)}
WAITING = 6  # shown of those that wait for Stripe


class OffFilter(Choice):
    """Accounts whose Issuing is off though Stripe asks for nothing by name."""

    title, parameter_name = "Issuing off, nothing due", "off"
    words = {"staff": "Needs a person", "stripe": "Waits for Stripe"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By who must act."""
        return queryset.off_unasked(*MOVERS[value])


def _list(value: str) -> str:
    return f"{reverse('admin:accounts_account_changelist')}?off={value}"


def _first(request: HttpRequest) -> dict[str, list[tuple[Account, Off]]]:
    """By choice of OffFilter the newest accounts, why and since when their Issuing is off. Two queries a request.

    Each row has `needing`: how many need a person, counted up to COUNTED.
    """
    if not hasattr(request, "issuing_off"):
        staff, stripe = (Account.objects.off_unasked(*movers).values("pk") for movers in MOVERS.values())
        newest = Q(pk__in=staff[:SHOWN]) | Q(pk__in=stripe[:WAITING])
        rows = Account.objects.with_capability().filter(newest).order_by("-created", "-id")
        found = list(rows.annotate(needing=count_of(staff), waits=Q(pk__in=stripe[:WAITING])))
        known = states_of([row.pk for row in found])
        request.issuing_off = {value: [] for value in MOVERS}  # type: ignore[attr-defined]
        for row in found:
            if off := row.issuing_off:
                off = _since(row, off, known[row.pk])
                request.issuing_off["stripe" if row.waits else "staff"].append((row, off))  # type: ignore[attr-defined]
    return request.issuing_off  # type: ignore[attr-defined]


def needing(request: HttpRequest, most: int) -> Waiting:
    """Those that need a person. Two queries a request, together with `waiting`."""
    shown = _first(request)["staff"]
    in_all = shown[0][0].needing if shown else 0  # type: ignore[attr-defined]
    return Waiting([None] * in_all, [_item(request, *each) for each in shown[:most]])  # wrong now, without a deadline


def of_account(request: HttpRequest, account_id: str) -> list[Item]:
    """That of one account. Two queries."""
    rows = list(Account.objects.off_unasked(*MOVERS["staff"]).with_capability().filter(pk=account_id))
    known = states_of([row.pk for row in rows])
    return [_item(request, row, _since(row, off, known[row.pk])) for row in rows if (off := row.issuing_off)]


def _since(account: Account, off: Off, known: Any) -> Off:
    return since(off, account.data or {}, account.issuing_capability, known)


def _item(request: HttpRequest, account: Account, off: Off) -> Item:
    act, url = button(request, account.pk, off), account.get_absolute_url()
    return Item(
        object_id=account.pk,
        title=f"Issuing is off: {off.title}",
        why=off.following,
        url=url,
        move=off.move,
        start=off.since,
        account_id=account.pk,
        account_name=str(account),
        button=act.label if act else "Open",
        button_url=act.url if act else url,
    )


def count() -> int:
    """How many need a person, counted up to COUNTED. One query."""
    return Account.objects.off_unasked(*MOVERS["staff"]).order_by()[:COUNTED].count()


def waiting(request: HttpRequest) -> dict[str, Any]:
    """Who waits for Stripe: nobody's move here, but somebody will ask. Two queries a request, with `needing`."""
    return {"rows": _first(request)["stripe"], "more": {"url": _list("stripe"), "label": "All that wait for Stripe"}}


NOUN = Noun(
    queues=(
        Queue(
            name="issuing_off",
            one="account whose Issuing is off",
            label="accounts whose Issuing is off",
            link=lambda: _list("staff"),
            waiting=needing,
            of_account=of_account,
            told="account",
            count=count,
            permission="accounts.view_account",
            order=5,
        ),
    ),
    home_panels=(
        HomePanel(
            name="waiting",
            title="Issuing is off: waiting for Stripe",
            template="accounts/issuing_off/panel_home.html",
            context=waiting,
            permission="accounts.view_account",
            order=60,
        ),
    ),
    filters=(OffFilter,),
)
