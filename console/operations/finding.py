"""Finding at Stripe what an operation in doubt may have made: by the mark it leaves, or by its moment."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from console.operations.models import Operation
from gateway import client
from gateway.client import Answer
from gateway.mirror import Mirror
from gateway.shapes import value_at

Data = dict[str, Any]
LOOK_BACK = int(timedelta(minutes=10).total_seconds())  # clocks that differ
MARK = "console_operation"  # the metadata by which an operation's own object is found again
UPDATE_MARK = "console_update"  # beside the mark of the creation, which must stay
SHOWN = "<this operation>"  # what a preview shows in a mark's place


def mark(operation: Operation) -> Data:
    """Metadata that name the operation."""
    return {MARK: str(operation.pk)}


def since(operation: Operation) -> int:
    """A second of Stripe's clock before which nothing of the operation can be."""
    return (operation.first_tried_at or int(operation.created_at.timestamp())) - LOOK_BACK


def in_doubt(operation: Operation) -> bool:
    """Whether an earlier attempt of it may have arrived."""
    return any(each["crashed"] or (each["sent"] and each["status"] != 429) for each in operation.tries)


def created_since(
    path: str, operation: Operation, *, account: str | None, **narrow: str
) -> Iterator[tuple[Data, Answer]]:
    """Objects listed at `path` since shortly before the operation's first try, each with the answer it came in.

    Stripe has no search for them: one call for each hundred. Raises Refused, Unreachable.
    """
    for page in client.pages(path, {"created": {"gte": since(operation)}, **narrow}, account=account):
        for data in page.data["data"]:
            yield data, page


def absorbed(model: type[Mirror], data: Data, page: Answer, account: str) -> Any:
    """The row of an object that came in a list."""
    answer = Answer(data, page.sent_at, page.request_id, replayed=False)
    return model.absorb_answer(answer, account=account)


def by_mark(model: type[Mirror], operation: Operation, *, account: str | None) -> tuple[Any, str] | None:
    """The row whose metadata name the operation, and the request's id; None where there is none."""
    for data, page in created_since(model.listed_at, operation, account=account):  # type: ignore[attr-defined]
        if value_at(data, f"metadata.{MARK}") == str(operation.pk):
            return absorbed(model, data, page, account or data["id"]), page.request_id
    return None
