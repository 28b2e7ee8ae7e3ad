"""A bulk run that needs a second person: one act stands for all of its rows, and is what is approved."""

from typing import Any

from django.urls import reverse

from console.approvals import load
from console.bulk import rows, runs
from console.bulk.control import why_second
from console.bulk.models import BulkRow, BulkRun
from console.bulk.rows import waiting
from console.operations import verbs
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb
from gateway.errors import NOT_SENT, Refused


class BeginBulkRun(Verb):
    """Begins a run that was drawn up: what a second person approves for all of its rows.

    It is never begun by itself: `runs` has it done through the door where the policy wants a second person.
    """

    name = "console.begin_bulk_run"
    label = "Begin bulk run"
    permission = "console.view_bulkrun"
    about_account = False
    calls = False
    many = False
    offered = False

    @property
    def personal(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of every verb: the request that it shows is one of theirs."""
        return tuple({name for verb in verbs.every() for name in verb.personal})

    def permissions_for(self, operation: Operation) -> tuple[str, ...]:
        """Its rows' own as well."""
        run = _run(operation.params)
        verb = verbs.find(run.verb) if run else None
        return (self.permission, *([verb.permission] if verb else []))

    def stands_for(self, values: dict[str, Any]) -> str:
        """The run."""
        return str(values.get("run", ""))

    def concerns(self, what: str, account_id: str, object_id: str) -> bool:
        """Where a row of the run is about it."""
        about = {"object_id": object_id} if object_id else {}
        return BulkRow.objects.waiting().filter(run__pk=what, account_id=account_id, **about).exists()

    def second(self, values: dict[str, Any]) -> str:
        """As many rows as it has, and what they carry together."""
        run = _run(values)
        verb = verbs.find(run.verb) if run else None
        return why_second(verb, waiting(run).count(), load.read(run.load)) if run and verb else ""

    def anew(self, values: dict[str, Any]) -> dict[str, Any]:
        """Weighed anew, and with what each row shows now."""
        run = _run(values)
        verb = verbs.find(run.verb) if run else None
        if run is None or verb is None or run.state != BulkRun.State.DRAFT:
            return values
        run.load = rows.weigh(verb, run.common, rows.parts(waiting(run))).data
        BulkRun.objects.filter(pk=run.pk, state=BulkRun.State.DRAFT).update(load=run.load)
        rows.keep_shown(run, verb)
        return {**values, "shown": rows.digest(run)}

    def request(self, row: Any, values: dict[str, Any]) -> Request | None:
        """The first row's request, and how many there are; all of them stand on the run's page."""
        run = _run(values)
        verb = verbs.find(run.verb) if run else None
        if run is None or verb is None:
            return None
        first = waiting(run).order_by("position").first()
        one: Any = verb.row(first.account_id, first.object_id) if first else None
        if first is None or one is None:
            return None
        verb.gather([one])
        shown = verb.request(one, {**run.common, **first.params})
        many, accounts = waiting(run).count(), waiting(run).order_by().values("account_id").distinct().count()
        facts = (("Act", verb.label), ("Rows", many), ("Accounts", accounts), *load.read(run.load).facts())
        facts = (*facts, ("The first of them", first.target))
        path = f"{shown.path if shown else verb.label} and {many - 1:,} more"
        method, params = (shown.method, shown.params) if shown else ("POST", run.common)
        return Request(method, path, first.account_id, params, facts=facts, undo=shown.undo if shown else "")

    def send(self, operation: Operation, values: dict[str, Any]) -> Outcome:
        """Begin it. Raises Refused where it is gone, or was not approved."""
        run = _run(values)
        if run is None:
            raise Refused("The run is not there any more.", code=NOT_SENT)
        if run.state == BulkRun.State.DRAFT:
            if self.second(values) and operation.approved_at is None:
                raise Refused("No second person has approved it.", code=NOT_SENT)
            if values.get("shown", rows.digest(run)) != rows.digest(run):
                raise Refused("What its rows show is not what was approved.", code=NOT_SENT)
            runs.started(run)
        return Outcome(object_id=str(run.pk))

    def find(self, operation: Operation) -> Outcome | None:
        """The run, where it has begun."""
        run = _run(operation.params)
        return Outcome(object_id=str(run.pk)) if run and run.state != BulkRun.State.DRAFT else None

    def done(self, operation: Operation) -> str:
        """That it goes on, in its rows."""
        return (
            "The bulk run has begun. Nothing was sent to Stripe by this: each of its rows is an operation of its own."
        )

    def told(self, operation: Operation) -> list[tuple[str, str, str]]:
        """The run, by its act and its rows; as long as it is there."""
        run = BulkRun.objects.filter(pk=str(operation.params.get("run"))).first()
        verb = verbs.find(run.verb) if run else None
        words = f"{verb.label if verb else 'Rows'}, {run.total:,} row{'' if run.total == 1 else 's'}" if run else ""
        kept = ("A row that has changed since this was asked for", "is not sent; the others are", "")
        return [("Bulk run", words, run.get_absolute_url()), kept] if run else []

    def next_url(self, operation: Operation) -> str:
        """The run's page."""
        return reverse("bulk_run", args=[operation.object_id])


def _run(values: dict[str, Any]) -> BulkRun | None:
    """The run that is meant, as it was when a second person was asked for; None where it is another by now."""
    found = (
        BulkRun.objects.filter(pk=str(values.get("run")), digest=values.get("digest", ""))
        .select_related("user")
        .first()
    )
    return found if found and values.get("entered") == found.entered else None
