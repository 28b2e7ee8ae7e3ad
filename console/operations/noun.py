"""What operations add to the shell."""

from django.http import HttpRequest
from django.urls import reverse

from console.operations import door, verbs
from console.operations.models import Operation
from console.people import masking
from console.people.signed_in import may_see
from console.shell.badges import absent, bad, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import COUNTED, SHOWN, MenuEntry, Need, Noun, Queue, Waiting, first, stripes


def count() -> int:
    """How many operations somebody must decide. One query."""
    return Operation.objects.needing_a_person().order_by()[:COUNTED].count()


def undecided(request: HttpRequest) -> tuple[list[Operation], int]:
    """The first that somebody must decide, oldest first, and how many there are. One query a request."""
    if not hasattr(request, "undecided"):
        request.undecided = first(Operation.objects.needing_a_person().order_by("created_at"), SHOWN)  # type: ignore[attr-defined]
    return request.undecided  # type: ignore[attr-defined]


def waiting(request: HttpRequest, most: int) -> Waiting:
    """Operations that nobody but a person moves on; none has a deadline. One query."""
    rows, many = undecided(request)
    needs = [
        Need(
            title=f"{operation.get_state_display()}: {operation.verb.rpartition('.')[2].replace('_', ' ')}",
            why=_quoted(operation, request) or "Whether Stripe did it is not known. Send it again, or drop it.",
            url=(url := reverse("operation", args=[operation.pk])),
            start=stripes(operation.created_at),
            account_id=operation.account_id,
            account_name=operation.account_name,
            button="Decide",
            button_url=url,
        )
        for operation in rows[:most]
    ]
    return Waiting([None] * many, needs)


def _quoted(operation: Operation, request: HttpRequest) -> str:
    """Stripe's words, without the entries that they may quote for who may not see personal data."""
    mask = masking.of_operation(operation, verbs.find(operation.verb), may_see=may_see(request))
    return mask.text(operation.error_message)


NOUN = Noun(
    roles={"viewer": ("console.view_operation",), "administrator": ("console.settle_operation",)},
    menu=(
        MenuEntry(
            label="Operations",
            url="admin:console_operation_changelist",
            icon="operations",
            permission="console.view_operation",
            order=40,
            count=count,
        ),
    ),
    queues=(
        Queue(
            name="operations",
            one="operation to decide",
            label="operations to decide",
            link=lambda: f"{reverse('admin:console_operation_changelist')}?waiting=person",
            waiting=waiting,
            count=count,
            permission="console.view_operation",
            order=10,
        ),
    ),
    badges={
        "operation": {
            "intent": waits("Not sent yet"),
            "sending": waits("Being sent"),
            "succeeded": ok("Succeeded"),
            "refused": no("Refused"),
            "unknown": absent("Unknown", "warn"),
            "not_found": bad("Not found at Stripe"),
            "dropped": off("Dropped"),
        }
    },
    rules={"errors": f"{DOCS}/error-low-level", "idempotency": f"{DOCS}/api/idempotent_requests"},
    on_events=door.on_events,
    dashboard=(("req_", "logs/{id}"), ("req_", "{account}/logs/{id}")),
)
