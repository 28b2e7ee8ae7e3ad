"""How this room's verbs send, find and tell: what they share, each given its noun and its method."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.urls import reverse

from console.operations.attempts import NOT_SENT
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request
from gateway import client
from gateway.client import Answer
from gateway.errors import Refused
from issuing.base import OfIssuing
from issuing.cards.models import Canceled

Data = dict[str, Any]

Done = tuple[Any, Answer]
LOOK_BACK = int(timedelta(minutes=10).total_seconds())  # clocks that differ
MARK = "console_operation"  # the metadata by which an operation's own object is found again
UPDATE_MARK = "console_update"  # beside the mark of the creation, which must stay
SHOWN_MARK = {MARK: "<this operation>"}


def mark(operation: Operation) -> Data:
    """Metadata that name the operation."""
    return {MARK: str(operation.pk)}


def get(model: type[OfIssuing], operation: Operation) -> Any:
    """The object that an operation acts on, of its account; Refused where it is gone."""
    row = model.objects.filter(pk=operation.object_id, account=operation.account_id).first()
    if row is None or row.gone:
        raise Refused(f"{operation.object_id} is not there any more.", code=NOT_SENT)
    return row


def outcome(row: Any, request_id: str = "", **result: Any) -> Outcome:
    """What came of it: the object, with its name and status for the sentence afterwards."""
    told = {"name": str(row), "status": getattr(row, "status", ""), **result}
    return Outcome(object_id=row.pk, request_id=request_id, result=told)


def changing(model: type[OfIssuing], change: Callable[..., Done], *names: str) -> Callable[..., Outcome]:
    """`send` of a verb that changes one object by a method of its noun, given the key and the values so named."""

    def send(operation: Operation, values: Data) -> Outcome:
        row = get(model, operation)
        try:
            changed, answer = change(row, key=operation.key, **{name: values.get(name) or "" for name in names})
        except Canceled as canceled:
            raise Refused(str(canceled), code=NOT_SENT) from None
        return outcome(changed, answer.request_id)

    return send


def in_doubt(operation: Operation) -> bool:
    """Whether an earlier attempt of it may have arrived."""
    return any(each["crashed"] or (each["sent"] and each["status"] != 429) for each in operation.tries)


def found_by_mark(model: type[OfIssuing]) -> Callable[[Operation], Outcome | None]:
    """`find` of a verb that creates: the object whose metadata name the operation."""

    def find(operation: Operation) -> Outcome | None:
        for data, page in created_since(model, operation):
            if (data.get("metadata") or {}).get(MARK) == str(operation.pk):
                return outcome(absorbed(model, data, page, operation.account_id), page.request_id)
        return None

    return find


def found_by_update_mark(model: type[OfIssuing]) -> Callable[[Operation], Outcome | None]:
    """`find` of a verb that changes: the object, where its metadata name the operation as the last that changed it."""

    def find(operation: Operation) -> Outcome | None:
        row = get(model, operation).refresh()
        marks = (row.data or {}).get("metadata") or {}
        return outcome(row) if marks.get(UPDATE_MARK) == str(operation.pk) else None

    return find


def created_since(model: type[OfIssuing], operation: Operation, **narrow: str) -> Any:
    """Objects that Stripe lists since shortly before the operation's first try, each with the answer it came in."""
    params = {"created": {"gte": since(operation)}, **narrow}
    for page in client.pages(model.listed_at, params, account=operation.account_id):
        for data in page.data["data"]:
            yield data, page


def since(operation: Operation) -> int:
    """A second of Stripe's clock before which nothing of the operation can be."""
    return (operation.first_tried_at or int(operation.created_at.timestamp())) - LOOK_BACK


def absorbed(model: type[OfIssuing], data: Data, page: Answer, account_id: str) -> Any:
    """The row of an object that came in a list."""
    answer = Answer(data, page.sent_at, page.request_id, replayed=False)
    return model.absorb_answer(answer, account=account_id)


def found_by_status(model: type[OfIssuing], status: str) -> Callable[[Operation], Outcome | None]:
    """`find` of a verb that sets a status: the object, where it has it."""

    def find(operation: Operation) -> Outcome | None:
        row = get(model, operation).refresh()
        return outcome(row) if row.status == status else None

    return find


def shown(model: type[OfIssuing], values: Data) -> Any:
    """The object that a page's values name, for its preview; an empty one where it is gone meanwhile. One query."""
    return model.objects.filter(pk=values.get(str(model._meta.model_name))).first() or model()


def status_request(model: type[OfIssuing], after: str, undo: str) -> Callable[[str, Data], Request]:
    """`request` of a verb that sets a status."""

    def request(account_id: str, values: Data) -> Request:
        row = shown(model, values)
        path, change = f"{model.listed_at}/{row.pk}", ("Status", row.status, after)
        return Request("POST", path, account_id, {"status": after}, (change,), undo=undo)

    return request


def page_of(name: str) -> Callable[[Operation], str]:
    """The page of the operation's object, by its URL's name."""
    return lambda operation: reverse(name, args=[operation.account_id, operation.object_id])


def said(sentence: str, noun: str) -> Callable[[Operation], str]:
    """A sentence about the object by its name: "{} is active."; by its id where only an event told of it."""

    def done(operation: Operation) -> str:
        return sentence.format(operation.result.get("name") or f"{noun} {operation.object_id}")

    return done


def status_effects(after: str) -> Callable[[list[Any]], dict[str, str]]:
    """What a change of status means for each row: "inactive → active"."""

    def effects(rows: list[Any]) -> dict[str, str]:
        return {
            row.pk: f"Is {row.status} already" if row.status == after else f"{row.status} → {after}" for row in rows
        }

    return effects
