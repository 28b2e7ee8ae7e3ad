"""Pages of many lists, absorbed together: one transaction, one round of locks, one write and one history a kind.

So a list of two objects costs what two objects cost, and not what a transaction costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction

from gateway import mirror, order

Data = dict[str, Any]


class Page(NamedTuple):
    """One page of a list of an account's (None: the platform's), asked for at a second of Stripe's clock."""

    account: str | None
    objects: list[Data]
    sent_at: int


class Object(NamedTuple):
    """An object of which a page, by its place among the pages, cannot say what is newer: Stripe must be asked."""

    page: int
    noun: str
    row_id: str
    account: str | None


class Shown(NamedTuple):
    """An object as a page shows it, in the form that its row keeps."""

    data: Data
    sent_at: int
    account: str | None
    page: int


@dataclass
class Outcome:
    """How many objects the pages showed, how many of them differed, and which must be read by themselves.

    Of an object that was read by itself: whether it is `gone`.
    """

    objects: int = 0
    differences: int = 0
    unclear: list[Object] = field(default_factory=list)
    gone: bool = False


def absorb(pages: Sequence[Page]) -> Outcome:
    """Write what the pages show, each object by gateway.order, history of what differs included.

    Accounts, and then all else: each is written whole, or not at all. Raises mirror.Misplaced, and Django's database
    errors.
    """
    outcome, kinds = Outcome(), by_kind(pages)
    accounts = [each for each in kinds if each[0] is mirror.account_model()]
    for part in filter(None, (accounts, [each for each in kinds if each not in accounts])):
        with transaction.atomic():
            if part is not accounts:
                mirror.lock_accounts((model, pk, each.account) for model, shown in part for pk, each in shown.items())
            for model, shown in part:
                outcome.objects += len(shown)
                _absorb(model, shown, outcome)
    return outcome


def by_kind(pages: Sequence[Page]) -> list[tuple[type[mirror.Mirror], dict[str, Shown]]]:
    """The objects that a mirror follows, by row id, and always in the same order of kinds: applying locks likewise."""
    kinds: dict[str, dict[str, Shown]] = {}
    for place, page in enumerate(pages):
        for data in page.objects:
            model = mirror.REGISTRY.get(str(data.get("object")))
            if model:
                shown = Shown(model.normalise(data), page.sent_at, page.account, place)
                kinds.setdefault(model.stripe_object, {})[model.row_id(data, page.account)] = shown
    return [(mirror.REGISTRY[noun], kinds[noun]) for noun in sorted(kinds)]


def _absorb(model: type[mirror.Mirror], shown: dict[str, Shown], outcome: Outcome) -> None:
    wanted = {row_id: (each.account, order.Write(each.data, each.sent_at)) for row_id, each in shown.items()}
    new = mirror.insert(model, wanted)
    found: list[mirror.Difference] = [(None, shown[row_id].data, row) for row_id, row in new.items()]
    rows = mirror.locked(model, {row_id: each.account for row_id, each in shown.items() if row_id not in new})
    decided = []
    for row_id, row in rows.items():
        each = shown[row_id]
        decision = order.after_answer(row.standing(), each.data, each.sent_at)
        if isinstance(decision, order.Fetch):
            outcome.unclear.append(Object(each.page, model.stripe_object, row_id, each.account))
        elif isinstance(decision, order.Write) and decision.data != row.data:
            found.append((row.data, each.data, row))
        decided.append((row, decision))
    mirror.apply_all(model, decided)
    outcome.differences += len(found)
    model.witness_differences(found)
