"""What the shell may ask about top-ups."""

from collections.abc import Iterable

from django.http import HttpRequest

from accounts.history.models import StateChange
from accounts.history.pages import Words
from console.lists import keyset
from console.people.signed_in import may_see
from console.shell import formats
from console.shell.badges import Badge, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import Found, MenuEntry, Noun, Search, Tab, object_page
from gateway.mirror import related
from issuing.topups.models import Topup
from issuing.topups.verbs import CancelTopup, CreateTopup

TONES = {"succeeded": "ok", "failed": "bad"}


def describe(row: Topup, change: StateChange) -> Words:
    """How far the money is."""
    name, tone = str(row), TONES.get(str(change.after), "")
    born = "was begun" if change.field == "object" else str(change.after)
    return Words(name, born, "topups", tone, row.get_absolute_url())


def find(request: HttpRequest, asked: str) -> Iterable[Found]:
    """Top-ups by metadata: the last ten at most."""
    rows = Topup.objects.select_related("account")
    for row in keyset.first_found(rows, asked[:255], personal=may_see(request)):
        detail = " · ".join(filter(None, (formats.plain(row.status), str(related(row, "account") or ""))))
        yield Found(label=str(row), url=row.get_absolute_url(), detail=detail, id=row.pk)


NOUN = Noun(
    model=Topup,
    event_types=("topup.canceled", "topup.created", "topup.failed", "topup.reversed", "topup.succeeded"),
    verbs=(CreateTopup, CancelTopup),
    roles={"viewer": ("issuing.view_topup",), "operator": ("issuing.create_topup",)},
    menu=(
        MenuEntry(
            label="Top-ups",
            url="admin:issuing_topup_changelist",
            icon="topups",
            section="Issuing",
            permission="issuing.view_topup",
            order=4,
        ),
    ),
    tabs=(Tab(label="Top-ups", path="topups", icon="topups", section="Money", order=6),),
    searches=(Search(title="Top-ups", find=find, permission="issuing.view_topup", order=60),),
    badges={
        "topup": {
            "canceled": off("Canceled"),
            "failed": no("Failed"),
            "pending": waits("Pending"),
            "reversed": Badge("refresh", "Reversed", "mute"),
            "succeeded": ok("Succeeded"),
        }
    },
    rules={"issuing_funding": f"{DOCS}/issuing/connect/funding"},
    dashboard=(("tu_", "{account}/topups/{id}"),),
    page_of={"tu_": object_page(Topup)},
    describe=describe,
)
