"""What Issuing that is off tells the shell: whom home lists, and who waits for Stripe."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.account.models import Account
from accounts.account.words import Off
from accounts.issuing_off.models import since, states_of
from accounts.issuing_off.pages import button
from console.lists.filters import Choice
from console.shell import figures
from console.shell.moves import HOLDER, STAFF, STRIPE
from console.shell.nouns import COUNTED, SHOWN, HomePanel, Item, Noun, Queue, Waiting

MOVERS = {"staff": (STAFF, HOLDER), "stripe": (STRIPE,)}
OFF = "issuing_off"  # the figure of `kept`
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


def kept() -> dict[str, Any]:
    """The newest accounts by choice of OffFilter, and how many need a person; the worker keeps it. Three queries."""
    staff, stripe = (Account.objects.off_unasked(*movers).values_list("pk", flat=True) for movers in MOVERS.values())
    return {"staff": list(staff[:SHOWN]), "stripe": list(stripe[:WAITING]), "needing": count()}


def _first(request: HttpRequest) -> dict[str, list[tuple[Account, Off]]]:
    """By choice of OffFilter the newest accounts, why and since when their Issuing is off. Two queries a request."""
    if not hasattr(request, "issuing_off"):
        named = figures.of(request, OFF)
        rows = Account.objects.with_capability().in_bulk([*named["staff"], *named["stripe"]])
        known = states_of(rows)
        request.issuing_off = {  # type: ignore[attr-defined]
            value: [
                (row, _since(row, off, known[row.pk]))
                for row in (rows[pk] for pk in named[value] if pk in rows)
                if (off := row.issuing_off)
            ]
            for value in MOVERS
        }
    return request.issuing_off  # type: ignore[attr-defined]


def needing(request: HttpRequest, most: int) -> Waiting:
    """Those that need a person. Two queries a request, together with `waiting`."""
    in_all: int = figures.of(request, OFF)["needing"]
    times: list[datetime | None] = [None] * in_all  # wrong now, without a deadline
    return Waiting(times, [_item(request, *each) for each in _first(request)["staff"][:most]])


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
    figures={OFF: kept},
)
