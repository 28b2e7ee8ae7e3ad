"""What the page of an approval shows of the exact request, as one person may see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console.approvals import exact
from console.approvals.exact import HIDDEN, Change, Exact
from console.approvals.models import Approval
from console.operations import verbs
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import masking
from console.shell import formats


@dataclass(frozen=True)
class Line:
    """One parameter; `amount` is its value as money, where it is one, `change` what it was when it was asked for."""

    name: str
    value: str
    was: str = ""
    amount: str = ""
    change: Change | None = None


@dataclass(frozen=True)
class Call:
    """One call, as Stripe's API reference writes it."""

    method: str
    path: str
    acts_as: str
    lines: list[Line]


def calls(approval: Approval, now: Exact | None, changed: Iterable[Change], *, may_see: bool) -> list[Call]:
    """The calls as they would be sent now; of what does not wait any more as they were asked for."""
    verb = verbs.find(approval.operation.verb)
    changes = {each.name: each for each in changed}
    if now is None or now.request is None:
        return [_call(each, changes, verb, may_see=may_see) for each in approval.request.get("calls", [])]
    found = [
        {
            "method": each.method,
            "path": each.path,
            "account": each.account,
            "lines": [(line.name, line.value, line.was) for line in each.lines],
        }
        for each in now.request.calls
    ]
    return [_call(each, changes, verb, may_see=may_see) for each in found]


def _call(data: dict[str, Any], changes: dict[str, Change], verb: Verb | None, *, may_see: bool) -> Call:
    def shown(name: str, value: str) -> str:
        hidden = value.startswith(HIDDEN) or (not may_see and exact.hides(verb, name))
        return masking.MASK if value and hidden else value

    units = {name: value for name, value, _ in data["lines"]}
    lines = [
        Line(name, shown(name, value), shown(name, was), _money(name, value, units), changes.get(name))
        for name, value, was in data["lines"]
    ]
    return Call(data["method"], data["path"], data["account"] or "none: as the platform", lines)


def _money(name: str, value: str, lines: dict[str, str]) -> str:
    """An amount beside a currency of the same call, in major units; "" for everything else."""
    currency = lines.get("currency", "")
    return formats.amount(int(value), currency) if name == "amount" and currency and value.isdecimal() else ""


def headline(operation: Operation, row: Any) -> str:
    """What it is in words: the verb's label, with the amount that the policy weighed."""
    verb = verbs.find(operation.verb)
    if verb is None:
        return operation.verb
    found = verb.weights(row, operation.params) if row is not None or not verb.about_account else ()
    amounts = [formats.amount(each.amount, each.currency) for each in found if each.amount is not None]
    return f"{verb.label}: {amounts[0]}" if amounts else verb.label
