"""Since when Issuing is off, and why it was off at a moment: what accounts.account.words says of data as they were.

The data of then are those of now, with what history tells of the time since undone. They are as complete as the
history is: what neither an event nor a reading told stands as it is now.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.account.words import NAME, Off, why_off
from accounts.capabilities.words import CANNOT_ISSUE
from accounts.history.models import FIRST_READ, Requirement, StateChange
from accounts.persons.models import Person
from accounts.requirements import models as requirements
from accounts.requirements.models import Row
from console.people import masking
from gateway import clock
from gateway.shapes import hash_at, hashes_at, text_at, value_at

Data = dict[str, Any]
STATUS, REASON = "status", "requirements.disabled_reason"
STATES = 100  # changes of states of one account: what was long before them does not say since when it is off
MOST = 2_000  # comings and goings of requirements are undone no further back


def off_now(account: Data, capability: Data | None, rows: Sequence[Row]) -> Off | None:
    """Why it is off now, and since when. One query, none where it is on."""
    off = why_off(account, capability, rows)
    account_id = text_at(account, "id")
    return off and since(off, account, capability, states_of([account_id])[account_id])


def off_at(
    at: datetime, account: Data, capability: Data | None, changes: Sequence[StateChange], *, may_see: bool
) -> Off | None:
    """Why it was off at a moment, None where nothing tells that it was; `changes` as `states_of` has them.

    One query, and one more where persons are named. `may_see`: personal data in what Stripe wrote.
    """
    account_id = text_at(account, "id")
    was = {"account": states_then(account, account_id, changes, at)}
    if capability is not None:
        was[NAME] = states_then(capability, NAME, changes, at)
    requirements_then(was, account_id, at)
    before, own = was["account"], was.get(NAME)
    if own is not None:
        status = text_at(own, "status")
        asked_for = {} if status in ("", "unrequested") else {NAME: status}
        others = {name: each for name, each in hash_at(account, "capabilities").items() if name != NAME}
        before["capabilities"] = {**others, **asked_for}
    off = why_off(before, own)
    if off is None:
        return None
    if off.asked or _errors(before, own):
        off = why_off(before, own, readable_rows(before, own, may_see=may_see))
    return off and since(off, before, own, [row for row in changes if row.at <= at])


def since(off: Off, account: Data, capability: Data | None, changes: Sequence[StateChange]) -> Off:
    """The same with the moment from which on it was off so, as far as `changes` (states_of) tell."""
    created = clock.from_unix(value_at(account, "created"))
    if off.name == CANNOT_ISSUE:  # how an account is set up does not change
        return replace(off, since=created)
    status = text_at(capability, "status") or text_at(account, f"capabilities.{NAME}")
    told = [
        row
        for row in changes
        if (row.field == STATUS and row.subject == NAME and row.after == status)
        or (row.field == REASON and off.reason and row.after == off.reason)
    ]
    if told:
        return replace(off, since=told[-1].at, at_latest=told[-1].dated_by_reading)
    first = next((row for row in changes if row.field == FIRST_READ), None)
    if first:  # it was off so when nobody here looked yet
        return replace(off, since=first.at, at_latest=True)
    return off if changes else replace(off, since=clock.from_unix(value_at(capability, "requested_at")) or created)


def _errors(*holders: Data | None) -> bool:
    return any(hashes_at(each, "requirements.errors") for each in holders)


def readable_rows(account: Data, capability: Data | None, *, may_see: bool) -> list[Row]:
    """What Stripe asks of the account and of its card_issuing, as somebody may read it. One query."""
    persons = list(Person.objects.filter(account=text_at(account, "id")))
    mask = masking.quoting(account, *(person.data for person in persons), may_see=may_see)
    names = {person.pk: str(person) for person in persons}
    return requirements.with_causes(requirements.rows(account, [capability] if capability else [], names), mask.text)


def states_of(account_ids: Iterable[str]) -> dict[str, list[StateChange]]:
    """What is known of the states of these accounts and of their card_issuing, the newest of it, oldest first.

    One query.
    """
    ids = list(account_ids)
    found: dict[str, list[StateChange]] = defaultdict(list)
    states = StateChange.objects.filter(field__in=(STATUS, REASON, FIRST_READ)).order_by("-at", "-id")
    newest = [states.filter(account=each, subject__in=(each, NAME))[:STATES] for each in ids]
    for row in StateChange.objects.of_any(*newest) if ids else ():
        found[row.account_id].append(row)
    return found


def states_then(data: Data, subject: str, changes: Iterable[StateChange], at: datetime) -> Data:
    """A copy of an object's data with its states as they were; `changes` are those of `states_of`."""
    was = deepcopy(data)
    for change in reversed([row for row in changes if row.at > at and row.subject == subject]):
        if change.field == STATUS:
            was[STATUS] = change.before
        elif change.field == REASON:
            was["requirements"] = {**hash_at(was, "requirements"), "disabled_reason": change.before}
    return was


def requirements_then(data: dict[str, Data], account_id: str, at: datetime) -> None:
    """Undo, in data by scope ("account" or a capability's name), what came and went since. One query."""
    later = Requirement.objects.filter(account=account_id, scope__in=list(data), at__gt=at).order_by("-at", "-id")
    for row in later[:MOST]:
        asked = data[row.scope]["requirements"] = {**hash_at(data[row.scope], "requirements")}
        there = [each for each in asked.get(row.list) or () if not _tells(each, row)]
        error = {"requirement": row.key, "code": row.code, "reason": row.reason}
        gone = row.became == Requirement.Became.MET
        asked[row.list] = [*there, error if row.list == "errors" else row.key] if gone else there


def _tells(each: Any, row: Requirement) -> bool:
    """Whether a member of a requirements list is what the row tells of."""
    if row.list != "errors":
        return bool(each == row.key)
    return isinstance(each, dict) and each.get("requirement") == row.key and (each.get("code") or "") == row.code
