"""What the door asks before it sends: whether a second person is needed; and how that one is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q

from console.approvals import exact, load, policy, waiting
from console.approvals.exact import Exact
from console.approvals.models import Approval
from console.operations import rights
from console.operations.models import Operation
from console.operations.sent_before import label
from console.operations.verbs import Verb
from console.record import audit

STATES = Approval.State
CHANGED = {
    "error_code": "changed",
    "error_message": "Something changed between its approval and its sending: nothing was sent. Ask for it anew.",
}


@dataclass(frozen=True)
class Needed:
    """That a second person is needed: why, for which exact request."""

    why: str
    exact: Exact


def why_second(verb: Verb, row: Any, values: Mapping[str, Any], *, rows: int = 1) -> str:
    """The policy's sentence why these values need a second person in this mode, or "". What lowers risk never does.

    `rows`: for so many, each with these values.
    """
    if policy.lowers_risk(verb, values if rows == 1 else None):
        return ""
    carried = load.Load()
    carried.add(verb.weights(row, dict(values)), rows)
    return load.why_second(verb, carried, rows)


def needed(verb: Verb, intent: Operation, values: Mapping[str, Any], *, rows: int = 1) -> Needed | None:
    """What a second person has to approve of this intent, None where nobody need. No query where no rule can hold."""
    why = verb.second(dict(values)) or _asked_before(intent)
    if not (why or policy.has_rules(verb, settings.CONSOLE_MODE)):
        return None
    row: Any = verb.row(intent.account_id, intent.object_id)
    why = why or why_second(verb, row, values, rows=rows)
    return Needed(why, exact.of(intent, verb, row)) if why else None


def _asked_before(intent: Operation) -> str:
    """Why what this is asked for again, or sent again instead of, needed a second person; "" for everything else."""
    kind, _, key = intent.form_token.partition("-")
    before = {"asked": Q(pk=key), "again": Q(operation=key)}.get(kind)
    found = Approval.objects.filter(before).first() if before is not None else None
    return found.why if found else ""


def cannot_wait(verb: Verb, intent: Operation, why: str) -> str:
    """Why it is refused where it needs a second person and cannot wait for one; "" where it can."""
    if intent.sensitive:
        names = ", ".join(label(verb, name) for name in intent.sensitive)
        return (
            f"{why} “{verb.label}” cannot wait for one with {names}: such values are never stored. "
            "Leave them out and ask for the rest; give them afterwards, in an act of their own."
        )
    if verb.result_template:
        return f"{why} “{verb.label}” cannot wait for one: its answer is shown once, to who asks."
    return ""


def changed_since(operation: Operation, verb: Verb) -> bool:
    """Whether what was approved and not sent yet is another by now, or its requester may not do it any more."""
    now, requester = exact.read(operation), operation.user
    if now is None or now.digest != operation.approval.digest:
        return True
    return not rights.still(requester, verb, operation)


def ask(operation: Operation, need: Needed) -> Approval:
    """Store what waits for a second person, in the transaction that stores the operation."""
    approval = Approval.objects.create(
        operation=operation,
        verb=operation.verb,
        account_id=operation.account_id,
        requester=operation.user,
        why=need.why[:255],
        policy_version=policy.current().version,
        request=need.exact.data,
        digest=need.exact.digest,
        asked_at=operation.created_at,
    )
    record(approval, "asked", why=need.why, until=approval.until)
    return approval


def record(approval: Approval, what: str, **more: Any) -> None:
    """Write the audit row of what became of an approval, by its requester unless `user` is somebody else; it shows."""
    waiting.forget()
    operation = approval.operation
    audit.record(
        f"approval.{what}",
        user=more.pop("user", approval.requester),
        account_id=operation.account_id,
        account_name=operation.account_name,
        subject=operation.object_id or operation.account_id,
        operation=operation,
        reason=more.pop("reason", operation.reason),
        ticket=operation.ticket,
        detail={"verb": operation.verb, "digest": approval.digest, "policy": approval.policy_version, **more},
    )
