"""What happened to an account, our doing and Stripe's in one list, newest first.

Stripe's changes and operations have Stripe's time, sessions and refusals this machine's. The two differ only in a
sandbox whose clock was moved.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.history.models import FIRST_READ, Requirement, Source, StateChange
from accounts.requirements.models import understand
from console.operations import verbs
from console.operations.models import Operation
from console.people.masking import Mask
from console.record import words
from console.record.models import NOT_SHOWN_BY_ITSELF, AuditEntry
from console.shell import formats, nouns
from console.viewing.models import AccessEntry, WorkSession
from gateway import clock, together
from gateway.models import Event

TERMS = {
    "tos_acceptance.date": "Stripe’s services agreement:",
    "settings.card_issuing.tos_acceptance.date": "The Issuing terms:",
}
OUTCOMES = {Operation.State.REFUSED: "Stripe refused it", Operation.State.NOT_FOUND: "not found at Stripe"}
# Of the changes of one event the first of these is the sentence; the others are notes below it.
MAIN_FIELDS = ("object", "status", *TERMS, "verification.status", "charges_enabled", "payouts_enabled")
ENDS: dict[tuple[str | None, str], str] = {  # of an object's own line, by what it became and where that is known from
    ("deleted", Source.EVENT): "was removed",
    ("deleted", Source.SYNC): "is no longer at Stripe",
    ("created", Source.SYNC): "was first seen",
}
ICONS = {"account": "accounts", "person": "person", "bank_account": "bank", "capability": "capabilities"}
CONNECTIONS = {"connected": "connected to this platform", "left": "left this platform"}
SHOWN_KEYS = 4


@dataclass(frozen=True)
class Entry:
    """One line: who, what (its end in bold), how it went, and ids to copy. `icon` and `tone` mark it."""

    at: datetime
    icon: str
    text: str
    strong: str = ""
    who: str = ""
    tone: str = ""
    notes: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    url: str = ""
    quiet: bool = False

    def masked(self, mask: Mask) -> "Entry":
        """The line as somebody may read it: texts of Stripe and of staff may quote personal data."""
        ours = Mask(mask.may_see)  # our own sentences quote nothing but names
        notes = tuple(map(mask.text, self.notes))
        return replace(self, text=ours.text(self.text), strong=ours.text(self.strong), notes=notes)


@dataclass(frozen=True)
class Words:
    """The line of a change, as its noun words it."""

    text: str
    strong: str
    icon: str
    tone: str = ""
    url: str = ""


def became(change: StateChange, born: str) -> str:
    """What a change of status says: "is active"; `born` for the object's beginning."""
    return born if change.field == "object" else f"is {str(change.after or 'nothing').replace('_', ' ')}"


@dataclass(frozen=True)
class Day:
    """The entries of one day (UTC)."""

    day: date
    entries: list[Entry]


@dataclass(frozen=True)
class Timeline:
    """One page. `older` is where the next begins, None on the last."""

    days: list[Day]
    older: datetime | None


def read(
    account_id: str,
    persons: Mapping[str, str],
    mask: Mask,
    *,
    before: datetime | None = None,
    limit: int = 50,
    everything: bool = True,
    strict: bool = False,
) -> Timeline:
    """The last `limit` entries before a time, masked. `everything` adds events that changed nothing here.

    Lines of one second stay on one page, so there may be more than `limit`; `strict` cuts them off. Seven queries.
    """
    window = _Window(account_id, before, 2 * limit)
    history = [*_changes(window, persons, mask), *_requirements(window, persons)]
    entries = [*_operations(window), *history, *_sessions(window), *_audit(window)]
    known = {entry_id for entry in history for entry_id in entry.ids}
    events = list(_events(window))
    entries += [entry for entry in events if entry.ids[0] not in known and (everything or not entry.quiet)]
    # Stripe orders nothing finer than seconds: within one, the order of arrival has to do.
    arrived = {entry.ids[0]: number for number, entry in enumerate(reversed(events))}
    entries.sort(key=lambda entry: (entry.at, arrived.get(entry.ids[0], -1) if entry.ids else -1), reverse=True)
    # Lines of one second stay on one page: the next begins before it.
    end = next((n for n in range(limit, len(entries)) if entries[n].at != entries[limit - 1].at), len(entries))
    end = min(end, limit) if strict else end
    shown, more = entries[:end], end < len(entries) or len(entries) >= window.limit
    days = [
        Day(day, [entry.masked(mask) for entry in group])
        for day, group in groupby(shown, key=lambda entry: entry.at.date())
    ]
    return Timeline(days, shown[-1].at if more and shown else None)


@dataclass(frozen=True)
class _Window:
    account_id: str
    before: datetime | None
    limit: int

    def of(self, queryset: Any, column: str, times: int = 1) -> Any:
        """The newest rows of a table inside the window: as many as lines, or `times` that where many make one line."""
        rows = queryset.filter(account_id=self.account_id).order_by(f"-{column}", "pk")
        return (rows.filter(**{f"{column}__lt": self.before}) if self.before else rows)[: self.limit * times]

    def told(self, queryset: Any, times: int) -> list[Any]:
        """The newest rows of a history, without those that begin more lines than fit."""
        found: dict[str, list[Any]] = {}
        for row in self.of(queryset, "at", times):
            if row.source_id not in found and len(found) == self.limit:
                break
            found.setdefault(row.source_id, []).append(row)
        return [row for rows in found.values() for row in rows]


def _operations(window: _Window) -> Iterator[Entry]:
    for operation in window.of(Operation.objects.select_related("user"), "created_at"):
        state, verb = Operation.State(operation.state), verbs.find(operation.verb)
        ended = state == Operation.State.SUCCEEDED
        yield Entry(
            at=clock.from_unix(operation.first_tried_at) or operation.created_at,
            icon="pen" if ended else "crossed" if state == Operation.State.REFUSED else "ring",
            tone="" if ended else "bad" if state == Operation.State.REFUSED else "warn",
            who=operation.user.get_username(),
            text=verb.label[:1].lower() + verb.label[1:] if verb else operation.verb,
            strong="" if ended else OUTCOMES.get(state, state.label.lower()),
            notes=tuple(filter(None, (state.label, operation.ticket, operation.error_code, operation.error_param))),
            ids=tuple(filter(None, (operation.request_id,))),
            url=reverse("operation", args=[operation.pk]),
        )


def _changes(window: _Window, persons: Mapping[str, str], mask: Mask) -> Iterator[Entry]:
    """States that changed: one line for all that one event, or one reading, changed at once."""
    main = {field: number for number, field in enumerate(MAIN_FIELDS)}
    changes = sorted(
        window.told(StateChange.objects.all(), times=3),
        key=lambda row: (row.source_id, row.at, main.get(row.field, len(main))),
    )
    for change in changes:
        change.before, change.after = (
            mask.data({change.field: each})[change.field] for each in (change.before, change.after)
        )
    known = _described(changes)
    for _, group in groupby(changes, key=lambda row: (row.source_id, row.at)):
        yield _changed(list(group), persons, known)


def _requirements(window: _Window, persons: Mapping[str, str]) -> Iterator[Entry]:
    """Requirements of the account that came and went: one line for each list of one event, or one reading.

    What came or went in both lists at once is shown once, as due now.
    """
    rows = window.told(Requirement.objects.filter(scope="account").exclude(list="eventually_due"), times=10)
    rows = sorted(rows, key=lambda row: (row.source_id, row.list, row.became))
    due_now = {(row.source_id, row.key, row.became) for row in rows if row.list == "currently_due"}
    shown = [row for row in rows if row.list != "past_due" or (row.source_id, row.key, row.became) not in due_now]
    for (_, kind, became), group in groupby(shown, key=lambda row: (row.source_id, row.list, row.became)):
        yield _required(kind, became, list(group), persons)


def _source(row: Any) -> dict[str, Any]:
    """Who told it, and how exact its time is where a reading found it."""
    if row.source == Source.EVENT:
        return {"who": "Stripe", "ids": (row.source_id,)}
    if not row.dated_by_reading:
        note = "Stripe’s event for it has not arrived"
    elif row.since:
        note = f"Stripe’s event for it has not arrived: it was between {formats.minute(row.since)} and then"
    else:
        note = "Stripe’s event for it has not arrived: this is when it was read, not when it was"
    return {"who": "Found by reading", "notes": (note,)}


def _changed(changes: list[StateChange], persons: Mapping[str, str], known: Mapping[int, Words]) -> Entry:
    """The weightiest change as a sentence, the rest as notes."""
    main, *others = changes
    if main.field == FIRST_READ:
        return _first_read(main)
    line = known.get(main.pk) or Words(*_sentence(main, persons.get(main.subject) or main.subject))
    source = _source(main)
    notes = tuple(f"{change.field}: {_shown(change)}" for change in others if change.field != "requested")
    return Entry(
        at=main.at,
        icon=line.icon,
        tone=line.tone,
        text=line.text,
        strong=line.strong,
        url=line.url,
        **{**source, "notes": (*source.get("notes", ()), *notes)},
    )


def _first_read(change: StateChange) -> Entry:
    """The one line of an account's first import."""
    created = clock.from_unix(change.after)
    born = (f"It was created at Stripe on {formats.minute(created)}",) if created else ()
    notes = (*born, "What was before is known as far as Stripe still lists its events")
    return Entry(
        at=change.at, icon="refresh", text="The account was", strong="read here for the first time", notes=notes
    )


def _described(changes: list[StateChange]) -> dict[int, Words]:
    """The lines of changes whose noun words them itself, by the change's key. One query."""
    worded = {
        noun.model.stripe_object: (noun.model, noun.describe) for noun in nouns.every() if noun.model and noun.describe
    }
    subjects: dict[str, set[str]] = {}
    for change in changes:
        if change.noun in worded:
            subjects.setdefault(change.noun, set()).add(change.subject)
    if not subjects:
        return {}
    found = together.rows(*(worded[name][0].objects.filter(pk__in=ids) for name, ids in subjects.items()))
    rows = {row.pk: row for each in found for row in each}
    own = [change for change in changes if change.noun in worded and change.subject in rows]
    return {change.pk: worded[change.noun][1](rows[change.subject], change) for change in own}


def _shown(change: StateChange) -> str:
    """The new value in words; unix seconds as date and time."""
    at = clock.from_unix(change.after) if change.field.endswith((".date", "current_deadline")) else None
    return formats.minute(at) if at else _word(change.after)


def _sentence(change: StateChange, subject: str) -> tuple[str, str, str, str]:
    """(text, its end, icon, tone) of a change."""
    if change.field == "object" and change.after in CONNECTIONS:
        return "The account", CONNECTIONS[change.after], "accounts", "bad" if change.after == "left" else "ok"
    if change.field == "object":
        words = {"account": "The account", "person": f"Person {subject}", "bank_account": "A bank account"}
        came = "was created" if change.noun == "account" else "was added"
        end = ENDS.get((change.after, change.source), came)
        return words.get(change.noun, f"{change.noun} {subject}"), end, ICONS.get(change.noun, "ring"), ""
    if change.field in TERMS:
        return TERMS[change.field], *(("accepted", "terms", "ok") if change.after else ("cleared", "terms", "bad"))
    if change.noun == "capability" and change.field == "status":
        mark = ("check", "ok") if change.after == "active" else ("triangle", "bad")
        return f"Capability {subject} went from {change.before} to", _word(change.after), *mark
    if change.field.endswith("current_deadline"):
        return "The next deadline:", _shown(change) if change.after else "none", "clock", ""
    name = change.field if change.noun == "account" else f"{change.field} of {subject}"
    return f"{name} went from {_word(change.before)} to", _word(change.after), "dash", ""


def _word(value: Any) -> str:
    return {None: "nothing", True: "true", False: "false"}.get(value, str(value))


def _required(kind: str, became: str, rows: list[Requirement], persons: Mapping[str, str]) -> Entry:
    keys = [understand(row.key, persons) for row in rows]
    asked = list(dict.fromkeys(key.sentence or ": ".join(filter(None, (key.subject, key.topic))) for key in keys))
    words = ", ".join(asked[:SHOWN_KEYS]) + (f" and {len(asked) - SHOWN_KEYS} more" if len(asked) > SHOWN_KEYS else "")
    texts = {
        ("currently_due", "due"): "Stripe asks for:",
        ("currently_due", "met"): "No longer asked for:",
        ("past_due", "due"): "Past due:",
        ("past_due", "met"): "No longer past due:",
        ("pending_verification", "due"): "Stripe verifies:",
        ("pending_verification", "met"): "No longer being verified:",
        ("errors", "due"): "Stripe found a fault:",
        ("errors", "met"): "Stripe no longer finds a fault with:",
    }
    faults = dict.fromkeys(row.reason or row.code for row in rows if row.code and became == "due")
    source = _source(rows[0])
    return Entry(
        at=rows[0].at,
        icon="triangle" if kind in ("past_due", "errors") and became == "due" else "document",
        tone="bad" if kind in ("past_due", "errors") and became == "due" else "",
        text=texts.get((kind, became), f"{kind} {became}:"),
        strong=words,
        **{**source, "who": "", "notes": (*source.get("notes", ()), *faults)},
    )


def _sessions(window: _Window) -> Iterator[Entry]:
    """Who viewed as the account, each session with its count of pages."""
    own = AccessEntry.objects.filter(work_session=OuterRef("pk")).order_by().values("work_session")
    pages = Subquery(own.annotate(many=Count("pk")).values("many"))
    sessions = WorkSession.objects.select_related("user").annotate(pages=Coalesce(pages, 0))
    for session in window.of(sessions, "started_at"):
        mode = "could change it" if session.mode == WorkSession.Mode.WORK else "look only"
        yield Entry(
            at=session.started_at,
            icon="eye",
            who=session.user.get_username(),
            text=f"viewed as this account, {mode}",
            notes=tuple(filter(None, (session.ticket, f"{session.pages} page{'s' * (session.pages != 1)}"))),
        )


def _audit(window: _Window) -> Iterator[Entry]:
    for row in window.of(AuditEntry.objects.filter(NOT_SHOWN_BY_ITSELF), "at"):
        yield Entry(
            at=row.at,
            icon="shield",
            who=row.user_name,
            text=words.action(row.action),
            notes=(row.ticket,) if row.ticket else (),
        )


def _events(window: _Window) -> Iterator[Entry]:
    """Events, latest first: quiet where they were applied, loud where they wait or are given up."""
    rows = Event.objects.defer("payload").filter(account=window.account_id)
    if window.before:
        rows = rows.filter(created__lt=int(window.before.timestamp()))
    for event in rows.order_by("-created", "-received_at", "-id")[: window.limit]:
        settled = event.state in (Event.State.DONE, Event.State.IGNORED)
        yield Entry(
            at=clock.from_unix(event.created) or event.received_at,
            icon="events",
            tone="" if settled else "warn",
            who="Stripe",
            text=event.type,
            url=reverse("admin:gateway_event_change", args=[event.pk]),
            strong="" if settled else event.state,
            ids=(event.pk,),
            quiet=settled,
        )
