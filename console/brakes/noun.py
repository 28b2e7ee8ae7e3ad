"""What brakes add to the shell."""

from django.http import HttpRequest
from django.urls import reverse

from console.brakes import standing
from console.brakes.changes import SETS
from console.people import masking
from console.people.signed_in import may_see, staff
from console.shell.badges import bad, ok, waits
from console.shell.nouns import Item, MenuEntry, Noun, Queue, Waiting, stripes


def waiting(request: HttpRequest, most: int) -> Waiting:
    """Each brake that stands, the widest first; none has a deadline."""
    brakes = standing.lately()
    may = staff(request).has_perm(SETS)
    needs = [
        Item(
            title=str(brake),
            why=masking.masked(brake.reason, may_see=may_see(request)),
            url=reverse("brakes"),
            start=stripes(brake.set_at),
            account_id=brake.target if brake.scope == brake.Scope.ACCOUNT else "",
            account_name=brake.account_name,
            button="Lift" if may else "Open",
            button_url=reverse("brake_lift", args=[brake.pk]) if may else reverse("brakes"),
        )
        for brake in brakes[:most]
    ]
    return Waiting([None] * len(brakes), needs)


def count() -> int:
    """How many brakes stand. At most one query."""
    return len(standing.lately())


NOUN = Noun(
    roles={"viewer": ("console.view_brake",), "administrator": (SETS,)},
    menu=(
        MenuEntry(
            label="Brakes",
            url="brakes",
            icon="brake",
            section="Staff",
            permission="console.view_brake",
            order=5,
            queue="brakes",
        ),
    ),
    queues=(
        Queue(
            name="brakes",
            one="brake that stands",
            label="brakes that stand",
            link=lambda: reverse("brakes"),
            waiting=waiting,
            count=count,
            permission="console.view_brake",
            order=5,
        ),
    ),
    badges={"brake": {"stands": bad("Stopped"), "asked": waits("Lifting asked for"), "lifted": ok("Lifted")}},
)
