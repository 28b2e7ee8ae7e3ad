"""What operations add to the shell."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from console.operations import verbs
from console.operations.models import Operation
from console.people import masking
from console.people.signed_in import may_see
from console.shell.badges import absent, bad, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import COUNTED, MenuEntry, Need, Noun, Queue, stripes


def count() -> int:
    """How many operations somebody must decide. One query."""
    return Operation.objects.needing_a_person().order_by()[:COUNTED].count()


def times(request: HttpRequest) -> list[datetime | None]:
    """None of them has a deadline."""
    return [None] * count()


def needs(request: HttpRequest, most: int) -> list[Need]:
    """Operations that nobody but a person moves on, oldest first. One query."""
    return [
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
        for operation in Operation.objects.needing_a_person().order_by("created_at")[:most]
    ]


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
            label="operations to decide",
            link=lambda: f"{reverse('admin:console_operation_changelist')}?waiting=person",
            times=times,
            needs=needs,
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
    dashboard=(("req_", "logs/{id}"), ("req_", "{account}/logs/{id}")),
)
