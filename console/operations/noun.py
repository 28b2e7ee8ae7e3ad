"""What operations add to the shell."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from console.operations import door, verbs
from console.operations.models import Operation, by_request
from console.people import masking, roles
from console.people.signed_in import may_see, staff
from console.shell import formats
from console.shell.badges import absent, bad, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import COUNTED, SHOWN, Found, Item, MenuEntry, Noun, Queue, Search, Waiting, first, stripes
from gateway.mirror import Mirror


def count() -> int:
    """How many operations somebody must decide. One query."""
    return Operation.objects.needing_a_person().order_by()[:COUNTED].count()


def undecided(request: HttpRequest) -> tuple[list[Operation], int]:
    """The first that somebody must decide, oldest first, and how many there are. One query a request."""
    if not hasattr(request, "undecided"):
        request.undecided = first(Operation.objects.needing_a_person().order_by("created_at", "id"), SHOWN)  # type: ignore[attr-defined]
    return request.undecided  # type: ignore[attr-defined]


def waiting(request: HttpRequest, most: int) -> Waiting:
    """Operations that nobody but a person moves on; none has a deadline. One query."""
    rows, many = undecided(request)
    return Waiting([None] * many, [_item(request, operation) for operation in rows[:most]])


def of_account(request: HttpRequest, account_id: str) -> QuerySet[Operation]:
    """Those about one account."""
    return Operation.objects.needing_a_person().filter(account_id=account_id).order_by("created_at", "id")


def of_object(request: HttpRequest, row: Mirror) -> QuerySet[Operation]:
    """Those about one object."""
    return Operation.objects.needing_a_person().filter(object_id=row.pk).order_by("created_at", "id")


def _item(request: HttpRequest, operation: Operation) -> Item:
    may = staff(request).has_perm(door.DECIDES)
    who = "You" if may else roles.who_may(door.DECIDES)
    unknown = f"Whether Stripe did it is not known. {who} can send it again, or drop it."
    url = reverse("operation", args=[operation.pk])
    return Item(
        object_id=operation.object_id or operation.account_id,
        title=f"{operation.get_state_display()}: {operation.verb.rpartition('.')[2].replace('_', ' ')}",
        why=_quoted(operation, request) or unknown,
        url=url,
        start=stripes(operation.created_at),
        account_id=operation.account_id,
        account_name=operation.account_name,
        button="Decide" if may else "Open",
        button_url=url,
    )


def _quoted(operation: Operation, request: HttpRequest) -> str:
    """Stripe's words, without the entries that they may quote for who may not see personal data."""
    mask = masking.of_operation(operation, verbs.find(operation.verb), may_see=may_see(request))
    return mask.text(operation.error_message)


def page_of_request(request_id: str) -> str:
    """The operation that made this request, or tried to; "" for none. At most three queries."""
    operation = _of_request(request_id)
    return reverse("operation", args=[operation.pk]) if operation else ""


def account_of_request(request_id: str) -> str:
    """Whose that operation is. At most three queries."""
    operation = _of_request(request_id)
    return operation.account_id if operation else ""


def _of_request(request_id: str) -> Operation | None:
    found = (Operation.objects.filter(each).order_by("-created_at").first() for each in by_request(request_id))
    return next(filter(None, found), None)


def numbered(request: HttpRequest, number: UUID) -> str:
    """The page of the operation with this number; "" for none. One query."""
    return reverse("operation", args=[number]) if Operation.objects.filter(pk=number).exists() else ""


def find(request: HttpRequest, words: str) -> Iterable[Found]:
    """The operation with a key, else those under a ticket, for who may see what staff write: ten at most, one query.

    A second one for a key that there is not.
    """
    found = list(Operation.objects.filter(key=words)) if words.startswith(door.KEYS) else []
    if not found and may_see(request):
        found = list(Operation.objects.under(words).order_by("-created_at")[:10])
    for operation in found:
        verb, ticket = verbs.find(operation.verb), operation.ticket if may_see(request) else ""
        parts = (operation.account_name or operation.account_id, formats.plain(operation.state), ticket)
        url = reverse("operation", args=[operation.pk])
        yield Found(label=verb.label if verb else operation.verb, url=url, detail=" · ".join(filter(None, parts)))


NOUN = Noun(
    roles={"viewer": ("console.view_operation",), "administrator": (door.DECIDES,)},
    menu=(
        MenuEntry(
            label="Operations",
            url="admin:console_operation_changelist",
            icon="operations",
            permission="console.view_operation",
            order=40,
            queue="operations",
        ),
    ),
    queues=(
        Queue(
            name="operations",
            one="operation left open",
            label="operations left open",
            link=lambda: f"{reverse('admin:console_operation_changelist')}?waiting=person",
            waiting=waiting,
            of_account=of_account,
            of_object=of_object,
            item=_item,
            count=count,
            permission="console.view_operation",
            order=10,
        ),
    ),
    badges={
        "operation": {
            "awaiting": waits("Waiting for approval"),
            "intent": waits("Not sent yet"),
            "sending": waits("Being sent"),
            "succeeded": ok("Succeeded"),
            "refused": no("Refused"),
            "unknown": absent("Unknown", "warn"),
            "not_found": bad("Not found at Stripe"),
            "dropped": off("Dropped"),
            "not_approved": off("Not approved"),
        }
    },
    searches=(Search(title="Operations", find=find, permission="console.view_operation", order=80),),
    page_of={"req_": page_of_request},
    account_of={"req_": account_of_request},
    numbered=numbered,
    rules={"errors": f"{DOCS}/error-low-level", "idempotency": f"{DOCS}/api/idempotent_requests"},
    on_events=door.on_events,
    dashboard=(("req_", "logs/{id}"), ("req_", "{account}/logs/{id}")),
)
