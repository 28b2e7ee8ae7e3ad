"""What approvals add to the shell."""

from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from console.approvals import deciding, waiting
from console.approvals.models import Approval
from console.approvals.waiting import Open
from console.operations import verbs
from console.people import masking
from console.people.signed_in import may_see, staff
from console.shell import formats
from console.shell.badges import absent, no, off, ok, waits
from console.shell.nouns import COUNTED, Item, MenuEntry, Noun, Queue, Waiting, stripes

LIST = "admin:console_approval_changelist"


def count() -> int:
    """How many wait for a second person. One query."""
    return Approval.objects.waiting().order_by()[:COUNTED].count()


def numbered(request: HttpRequest, number: UUID) -> str:
    """The page of the approval with this number; "" for none. One query."""
    return reverse("approval", args=[number]) if Approval.objects.filter(pk=number).exists() else ""


def count_ended() -> int:
    """How many came to nothing and wait for a word of their requester. One query."""
    return Approval.objects.filter(unanswered=True).order_by()[:COUNTED].count()


def undecided(request: HttpRequest, most: int) -> Waiting:
    """What waits for a second person, soonest void first. One query at most."""
    found = waiting.now()
    return Waiting([stripes(each.until) for each in found], [_item(request, each) for each in found[:most]])


def _item(request: HttpRequest, row: Open) -> Item:
    mine, verb = row.requester_id == staff(request).pk, verbs.find(row.verb)
    may = not mine and verb is not None and staff(request).has_perms([deciding.APPROVES, verb.permission])
    url = reverse("approval", args=[row.id])
    return Item(
        title=f"Waiting for approval: {row.label}",
        why=f"{'You asked' if mine else f'{row.requester} asks'} for it. {row.why}",
        url=url,
        at=stripes(row.until),
        start=stripes(row.asked_at),
        account_id=row.account_id,
        account_name=row.account_name,
        button="Review" if may else "Open",
        button_url=url,
    )


def ended(request: HttpRequest, most: int) -> Waiting:
    """What came to nothing: refused, void or expired; none has a deadline. One query at most."""
    found = waiting.ended()
    return Waiting([None] * len(found), [_ended(request, each) for each in found[:most]])


def _ended(request: HttpRequest, row: Open) -> Item:
    mine = row.requester_id == staff(request).pk
    what = masking.masked(row.changed, may_see=may_see(request)) or f"{row.approver} refused it."
    url = reverse("approval", args=[row.id])
    return Item(
        title=f"{formats.plain(row.state)}: {row.label}",
        why=f"{what} {'You' if mine else row.requester} asked for it; nothing was sent.",
        url=url,
        start=stripes(row.decided_at or row.asked_at),
        account_id=row.account_id,
        account_name=row.account_name,
        button="Ask again or leave it" if mine else "Open",
        button_url=url,
    )


NOUN = Noun(
    roles={"viewer": ("console.view_approval",), "operator": (deciding.APPROVES,)},
    menu=(
        MenuEntry(
            label="Approvals",
            url=LIST,
            icon="approvals",
            permission="console.view_approval",
            order=30,
            queue="approvals",
        ),
    ),
    queues=(
        Queue(
            name="approvals",
            one="act waits for a second person",
            label="acts wait for a second person",
            link=lambda: f"{reverse(LIST)}?state__exact=waiting",
            waiting=undecided,
            count=count,
            permission="console.view_approval",
            order=5,
        ),
        Queue(
            name="approvals_ended",
            one="act that nobody approved",
            label="acts that nobody approved",
            link=lambda: f"{reverse(LIST)}?unanswered__exact=1",
            waiting=ended,
            count=count_ended,
            permission="console.view_approval",
            order=6,
        ),
    ),
    badges={
        "approval": {
            "waiting": waits("Waiting for approval"),
            "approved": ok("Approved"),
            "refused": no("Refused"),
            "withdrawn": off("Withdrawn"),
            "void": absent("Void", "warn"),
            "expired": absent("Expired", "warn"),
        }
    },
    numbered=numbered,
)
