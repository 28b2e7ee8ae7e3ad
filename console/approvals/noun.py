"""What approvals add to the shell."""

from django.http import HttpRequest
from django.urls import reverse

from console.approvals import deciding
from console.approvals.models import Approval
from console.operations import verbs
from console.people import masking
from console.people.signed_in import may_see, staff
from console.shell.badges import absent, no, off, ok, waits
from console.shell.nouns import COUNTED, Item, MenuEntry, Noun, Queue, Waiting, first, stripes

LIST = "admin:console_approval_changelist"


def count() -> int:
    """How many wait for a second person. One query."""
    return Approval.objects.waiting().order_by()[:COUNTED].count()


def count_unanswered() -> int:
    """How many came to nothing and wait for a word of their requester. One query."""
    return Approval.objects.unanswered().order_by()[:COUNTED].count()


def waiting(request: HttpRequest, most: int) -> Waiting:
    """What waits for a second person, soonest void first. One query."""
    rows = list(Approval.objects.waiting().select_related("operation", "requester").order_by("asked_at")[:COUNTED])
    return Waiting([stripes(each.until) for each in rows], [_item(request, each) for each in rows[:most]])


def _item(request: HttpRequest, approval: Approval) -> Item:
    mine = approval.requester_id == staff(request).pk
    may = not mine and not deciding.objection(approval, staff(request))
    who = "You asked for it." if mine else f"{approval.requester.get_username()} asks for it."
    url = reverse("approval", args=[approval.pk])
    return Item(
        title=f"Waiting for approval: {_label(approval)}",
        why=f"{who} {approval.why}",
        url=url,
        at=stripes(approval.until),
        start=stripes(approval.asked_at),
        account_id=approval.operation.account_id,
        account_name=approval.operation.account_name,
        button="Decide" if may else "Open",
        button_url=url,
    )


def unanswered(request: HttpRequest, most: int) -> Waiting:
    """What came to nothing: refused, void or expired; none has a deadline. One query."""
    rows, many = first(
        Approval.objects.unanswered().select_related("operation", "requester", "approver").order_by("asked_at", "id"),
        most,
    )
    return Waiting([None] * many, [_ended(request, each) for each in rows])


def _ended(request: HttpRequest, approval: Approval) -> Item:
    mine = approval.requester_id == staff(request).pk
    mask = masking.of_operation(approval.operation, verbs.find(approval.operation.verb), may_see=may_see(request))
    by = f"{approval.approver.get_username()}: " if approval.approver else ""
    whose = "You asked for it" if mine else f"{approval.requester.get_username()} asked for it"
    url = reverse("approval", args=[approval.pk])
    return Item(
        title=f"{approval.get_state_display()}: {_label(approval)}",
        why=f"{by}{mask.text(approval.note)} {whose}; nothing was sent.",
        url=url,
        start=stripes(approval.decided_at or approval.asked_at),
        account_id=approval.operation.account_id,
        account_name=approval.operation.account_name,
        button="Ask again or leave it" if mine else "Open",
        button_url=url,
    )


def _label(approval: Approval) -> str:
    verb = verbs.find(approval.operation.verb)
    return verb.label if verb else approval.operation.verb


NOUN = Noun(
    roles={"viewer": ("console.view_approval",), "operator": (deciding.APPROVES,)},
    menu=(
        MenuEntry(
            label="Approvals",
            url=LIST,
            icon="approvals",
            permission="console.view_approval",
            order=30,
            count=count,
        ),
    ),
    queues=(
        Queue(
            name="approvals",
            one="act waits for a second person",
            label="acts wait for a second person",
            link=lambda: f"{reverse(LIST)}?state__exact=waiting",
            waiting=waiting,
            count=count,
            permission="console.view_approval",
            order=5,
        ),
        Queue(
            name="approvals_ended",
            one="act that nobody approved",
            label="acts that nobody approved",
            link=lambda: f"{reverse(LIST)}?unanswered__exact=1",
            waiting=unanswered,
            count=count_unanswered,
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
)
