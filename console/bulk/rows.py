"""What the rows of a run carry and show: the load that the policy weighs, and what a second person is shown of each.

A row of a run that another person approves keeps a digest of each parameter that it showed, with what it would replace;
a row of which one is another when its turn comes is not sent. Personal values stand in it as keyed digests alone.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings

from console.approvals import exact, policy
from console.approvals.load import Load
from console.bulk.models import BulkRow, BulkRun
from console.operations.admission import Denied
from console.operations.models import Operation
from console.operations.verbs import Verb
from gateway.mirror import account_model

BATCH = 500  # rows that are read, and written, by one statement
CHANGED = "Nothing was sent: what this row showed was changed after a second person was asked"
Found = list[tuple[Any, Any, dict[str, Any]]]  # a row, its object or account, and the values as they are sent


def waiting(run: BulkRun) -> Any:
    """The run's rows that nothing was done with yet."""
    return BulkRow.objects.filter(run=run, state=BulkRow.State.WAITING)


def parts(rows: Any) -> Iterator[list[BulkRow]]:
    """These rows of one run in their order, so many of them in memory. A query for each BATCH."""
    found, after = rows.order_by("position"), 0
    while part := list(found.filter(position__gt=after)[:BATCH]):
        after = part[-1].position
        yield part


def read(verb: Verb, common: Mapping[str, Any], part: Iterable[Any]) -> Found:
    """Rows (BulkRow or Wanted) with what they are about, as the mirror has it; without those that are not here.

    One query, and what the verb gathers.
    """
    found: dict[str, Any] = (verb.noun or account_model()).objects.in_bulk([_target(row) for row in part])
    told = [(row, found[_target(row)], {**common, **row.params}) for row in part if _target(row) in found]
    verb.gather([of for _, of, _ in told])
    return told


def _target(row: Any) -> str:
    return row.object_id or row.account_id


def weigh(verb: Verb, common: Mapping[str, Any], every: Iterable[list[Any]]) -> Load:
    """What these rows carry together, given in parts. Nothing is read for a verb of which nothing is weighed."""
    load = Load()
    if type(verb).weights is Verb.weights or not policy.has_rules(verb, settings.CONSOLE_MODE):
        return load
    for part in every:
        for _, of, values in read(verb, common, part):
            load.add(verb.weights(of, values))
    return load


def shown(verb: Verb, of: Any, values: Mapping[str, Any]) -> dict[str, str]:
    """Of each parameter that would be sent, by its name, a keyed digest of its value and of what that replaces."""
    request = verb.request(of, dict(values))
    calls = request.calls if request else []
    return {
        (f"{call.path} {line.name}" if place else line.name): exact.keyed(f"{line.was}\n{line.value}")
        for place, call in enumerate(calls)
        for line in call.lines
    }


def keep_shown(run: BulkRun, verb: Verb) -> None:
    """Have each row that waits keep what it shows now. Three statements for each BATCH rows."""
    for part in parts(waiting(run)):
        for row, of, values in read(verb, run.common, part):
            row.shown = shown(verb, of, values)
        BulkRow.objects.bulk_update(part, ["shown"])


def digest(run: BulkRun) -> str:
    """Of what all rows that wait show: a part of what is approved."""
    sha256 = hashlib.sha256()
    for told in waiting(run).order_by("position").values_list("position", "shown"):
        sha256.update(json.dumps(told, sort_keys=True).encode())
    return sha256.hexdigest()


def changed(verb: Verb, row: BulkRow, of: Any, common: Mapping[str, Any]) -> list[str]:
    """The names of what this row showed and is another now; none where nobody was asked. `of` was gathered."""
    if not row.shown or of is None:
        return []
    now = shown(verb, of, {**common, **row.params})
    return sorted(name for name in {*now, *row.shown} if now.get(name) != row.shown.get(name))


def gather_shown(verb: Verb, run: BulkRun, rows: Iterable[BulkRow], about: dict[Any, Any]) -> None:
    """For the engine, of rows that go together: have what they are about be gathered, as `check_shown` asks for it.

    One query for verbs that show what stands elsewhere, of an approved run; none else.
    """
    if about and any(row.shown for row in rows) and run.approved:
        verb.gather(list(about.values()))


def check_shown(verb: Verb, run: BulkRun, row: BulkRow, about: Any) -> None:
    """For the engine, before a row is sent: raise Denied where what a second person was asked about is another now.

    `about` is what the row is about, gathered; None where nobody read it: then it costs a query, of an approved run.
    """
    if not (row.shown and run.approved):
        return
    if row.attempts and Operation.objects.filter(form_token=row.form_token).exists():
        return
    if about is None and (about := verb.row(row.account_id, row.object_id)) is not None:
        verb.gather([about])
    if names := changed(verb, row, about, run.common):
        raise Denied(f"{CHANGED} ({', '.join(names)}).")
