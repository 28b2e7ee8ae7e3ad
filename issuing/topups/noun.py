"""What the shell may ask about top-ups."""

from accounts.history.models import StateChange
from accounts.history.pages import Words
from console.shell import formats
from console.shell.badges import Badge, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import MenuEntry, Noun, Tab, object_page
from issuing.topups.models import Topup
from issuing.topups.verbs import CreateTopup

TONES = {"succeeded": "ok", "failed": "bad"}


def describe(row: Topup, change: StateChange) -> Words:
    """How far the money is."""
    name, tone = f"Top-up of {formats.amount(row.amount, row.currency)}", TONES.get(str(change.after), "")
    born = "was begun" if change.field == "object" else str(change.after)
    return Words(name, born, "topups", tone, row.get_absolute_url())


NOUN = Noun(
    model=Topup,
    event_types=("topup.canceled", "topup.created", "topup.failed", "topup.reversed", "topup.succeeded"),
    verbs=(CreateTopup,),
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
