"""What a row with values of its own would change: each parameter before and after, as one person may see it."""

from typing import Any

from console.approvals import exact
from console.operations.verbs import Verb
from console.people import masking


def of_row(verb: Verb | None, of: Any, values: dict[str, Any], *, may_see: bool) -> str:
    """ "Limits: none → 200.00 USD a month", of an object or account that was gathered; "" where it is not here."""
    request = verb.request(of, values) if verb and of is not None else None
    if verb is None or request is None:
        return ""
    changes: list[tuple[str, Any, Any]] = list(request.changes)
    if not changes:
        sent = (line for call in request.calls for line in call.lines if not line.name.startswith("metadata["))
        changes = [(line.name, line.was, line.value) for line in sent if line.was or request.before is None]
    return "; ".join(_words(verb, name, before, after, may_see=may_see) for name, before, after in changes)


def _words(verb: Verb, name: str, before: Any, after: Any, *, may_see: bool) -> str:
    hidden = not may_see and exact.hides(verb, name)
    was, now = (masking.MASK if hidden and each else str(each) for each in (before, after))
    return f"{name}: {was} → {now or 'nothing'}" if was else f"{name}: {now}"
