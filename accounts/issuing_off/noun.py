"""What Issuing that is off tells the shell: whom home lists, and who waits for Stripe."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.account.models import Account
from accounts.account.words import Off
from accounts.issuing_off.models import since, states_of
from accounts.issuing_off.pages import button
from console.lists.filters import Choice
from console.shell.moves import HOLDER, STAFF, STRIPE
from console.shell.nouns import COUNTED, HomePanel, Need, Noun, Queue, Waiting, first

MOVERS = {"staff": (STAFF, HOLDER), "stripe": (STRIPE,)}
SHOWN = 6


class OffFilter(Choice):
    """Accounts whose Issuing is off though Stripe asks for nothing by name."""

    title, parameter_name = "Issuing off, nothing due", "off"
    words = {"staff": "Needs a person", "stripe": "Waits for Stripe"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By who must act."""
        return queryset.off_unasked(*MOVERS[value])


def _list(value: str) -> str:
    return f"{reverse('admin:accounts_account_changelist')}?off={value}"


def _first(value: str, most: int) -> tuple[list[tuple[Account, Off]], int]:
    """The newest accounts of a choice of OffFilter, why and since when its Issuing is off; how many. Two queries."""
    rows, in_all = first(Account.objects.off_unasked(*MOVERS[value]).with_capability(), most)
    known = states_of([row.pk for row in rows])
    found = [(row, row.issuing_off) for row in rows]
    return [
        (row, since(off, row.data or {}, row.issuing_capability, known[row.pk])) for row, off in found if off
    ], in_all


def needing(request: HttpRequest, most: int) -> Waiting:
    """Those that need a person. Two queries."""
    found = []
    shown, in_all = _first("staff", most)
    for account, off in shown:
        act, url = button(request, account.pk, off), account.get_absolute_url()
        found.append(
            Need(
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
        )
    return Waiting([None] * in_all, found)  # wrong now, without a deadline


def count() -> int:
    """How many need a person, counted up to COUNTED. One query."""
    return Account.objects.off_unasked(*MOVERS["staff"]).order_by()[:COUNTED].count()


def waiting(request: HttpRequest) -> dict[str, Any]:
    """Who waits for Stripe: nobody's move here, but somebody will ask. Two queries."""
    return {"rows": _first("stripe", SHOWN)[0], "more": {"url": _list("stripe"), "label": "All that wait for Stripe"}}


NOUN = Noun(
    queues=(
        Queue(
            name="issuing_off",
            one="account whose Issuing is off",
            label="accounts whose Issuing is off",
            link=lambda: _list("staff"),
            waiting=needing,
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
