"""What happened to an account, ours and Stripe's in one stream, newest first.

Stripe's rows and operations stand at Stripe's time, sessions and refusals at the wall's. Both agree but in a sandbox
whose clock was moved.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import Count
from django.urls import reverse

from accounts.history.models import FIRST_READ, Requirement, Source, StateChange
from accounts.requirements.models import understand
from console.operations import verbs
from console.operations.models import Operation
from console.people.masking import Mask
from console.record import words
from console.record.models import AuditEntry
from console.shell import formats, nouns
from console.viewing.models import WorkSession
from gateway import clock, mirror
from gateway.models import Event

ELSEWHERE = ("operation.", "session.")  # audit rows that tell what operations and sessions tell here already
TERMS = {
    "tos_acceptance.date": "Stripe’s services agreement:",
    "settings.card_issuing.tos_acceptance.date": "The Issuing terms:",
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
        """The line as somebody may read it: what Stripe and staff wrote may quote what is masked."""
        ours = Mask(mask.may_see)  # our own sentences quote nothing but names
        notes = tuple(map(mask.text, self.notes))
        return replace(self, text=ours.text(self.text), strong=ours.text(self.strong), notes=notes)


@dataclass(frozen=True)
class Words:
    """A change as a room that knows its noun tells it."""

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
    """A page of it. `older` is where the next page begins, None at the end."""

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
    """The last `limit` entries before a moment, masked. `everything` adds events that changed nothing here.

    Lines of one second stay together, however many they are, unless it is `strict`: a beginning that no page follows.

    Seven queries.
    """
    window = _Window(account_id, before, 2 * limit)
    told = list(_told(window, persons, mask))
    entries = [*_operations(window), *told, *_sessions(window), *_audit(window)]
    known = {entry_id for entry in told for entry_id in entry.ids}
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

    def of(self, queryset: Any, moment: str, times: int = 1) -> Any:
        """The newest rows of a table inside the window: as many as lines, or `times` that where many make one line."""
        rows = queryset.filter(account_id=self.account_id).order_by(f"-{moment}")
        return (rows.filter(**{f"{moment}__lt": self.before}) if self.before else rows)[: self.limit * times]


def _operations(window: _Window) -> Iterator[Entry]:
    for operation in window.of(Operation.objects.select_related("user"), "created_at"):
        state = Operation.State(operation.state)
        ended = state == Operation.State.SUCCEEDED
        yield Entry(
            at=clock.from_unix(operation.first_tried_at) or operation.created_at,
            icon="pen" if ended else "crossed" if state == Operation.State.REFUSED else "ring",
            tone="" if ended else "bad" if state == Operation.State.REFUSED else "warn",
            who=operation.user.get_username(),
            text=_label(operation.verb),
            strong="" if ended else _outcome(state),
            notes=tuple(filter(None, (state.label, operation.ticket, operation.error_code, operation.error_param))),
            ids=tuple(filter(None, (operation.request_id,))),
            url=reverse("operation", args=[operation.pk]),
        )


def _label(name: str) -> str:
    """A verb's label as it stands in a sentence; the name of one that is no more."""
    try:
        label = verbs.get(name).label
    except KeyError:
        return name
    return label[:1].lower() + label[1:]


def _outcome(state: Operation.State) -> str:
    words = {Operation.State.REFUSED: "Stripe refused it", Operation.State.NOT_FOUND: "not found at Stripe"}
    return words.get(state, state.label.lower())


def _told(window: _Window, persons: Mapping[str, str], mask: Mask) -> Iterator[Entry]:
    """What Stripe told: states that changed, requirements that came and went; one line for each telling of a kind."""
    changes = sorted(
        window.of(StateChange.objects.all(), "at", times=3), key=lambda row: (row.source_id, row.at, _weight(row))
    )
    for change in changes:
        change.before, change.after = (
            mask.data({change.field: each})[change.field] for each in (change.before, change.after)
        )
    known = _described(changes)
    for _, told in groupby(changes, key=lambda row: (row.source_id, row.at)):
        yield _changed(list(told), persons, known)
    rows = window.of(Requirement.objects.filter(scope="account").exclude(list="eventually_due"), "at", times=10)
    ordered = sorted(_once(list(rows)), key=lambda row: (row.source_id, row.list, row.became))
    for (_, kind, became), asked in groupby(ordered, key=lambda row: (row.source_id, row.list, row.became)):
        yield _required(kind, became, list(asked), persons)


def _once(rows: list[Requirement]) -> list[Requirement]:
    """What came or went in both lists at once is told once, as due now."""
    told = {(row.source_id, row.key, row.became) for row in rows if row.list == "currently_due"}
    return [row for row in rows if row.list != "past_due" or (row.source_id, row.key, row.became) not in told]


def _weight(change: StateChange) -> int:
    """Which of the changes of one event is the sentence; the others are notes below it."""
    heavy = ("object", "status", *TERMS, "verification.status", "charges_enabled", "payouts_enabled")
    return heavy.index(change.field) if change.field in heavy else len(heavy)


def _source(row: Any) -> dict[str, Any]:
    """Who told, and of what was found by reading how its moment is to be taken."""
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
    said = known.get(main.pk) or Words(*_sentence(main, persons.get(main.subject) or main.subject))
    told = _source(main)
    notes = tuple(f"{change.field}: {_shown(change)}" for change in others if change.field != "requested")
    return Entry(
        at=main.at,
        icon=said.icon,
        tone=said.tone,
        text=said.text,
        strong=said.strong,
        url=said.url,
        **{**told, "notes": (*told.get("notes", ()), *notes)},
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
    """Changes of nouns that word their own, by the change's key. One query."""
    told = {
        noun.model.stripe_object: (noun.model, noun.describe) for noun in nouns.every() if noun.model and noun.describe
    }
    subjects: dict[str, set[str]] = {}
    for change in changes:
        if change.noun in told:
            subjects.setdefault(change.noun, set()).add(change.subject)
    if not subjects:
        return {}
    found = mirror.together(*(told[name][0].objects.filter(pk__in=ids) for name, ids in subjects.items()))
    rows = {row.pk: row for each in found for row in each}
    own = [change for change in changes if change.noun in told and change.subject in rows]
    return {change.pk: told[change.noun][1](rows[change.subject], change) for change in own}


def _shown(change: StateChange) -> str:
    """The new value; a moment where it is one."""
    if change.field.endswith((".date", "current_deadline")) and isinstance(change.after, int):
        return f"{clock.from_unix(change.after):%-d %b %Y, %H:%M} UTC"
    return _word(change.after)


def _sentence(change: StateChange, subject: str) -> tuple[str, str, str, str]:
    """(text, its end, icon, tone) of a change."""
    if change.field == "object" and change.after in CONNECTIONS:
        return "The account", CONNECTIONS[change.after], "accounts", "bad" if change.after == "left" else "ok"
    if change.field == "object":
        words = {"account": "The account", "person": f"Person {subject}", "bank_account": "A bank account"}
        return words.get(change.noun, f"{change.noun} {subject}"), _came(change), ICONS.get(change.noun, "ring"), ""
    if change.field in TERMS:
        return TERMS[change.field], *(("accepted", "terms", "ok") if change.after else ("cleared", "terms", "bad"))
    if change.noun == "capability" and change.field == "status":
        mark = ("check", "ok") if change.after == "active" else ("triangle", "bad")
        return f"Capability {subject} went from {change.before} to", _word(change.after), *mark
    if change.field.endswith("current_deadline"):
        return "The next deadline:", _shown(change) if change.after else "none", "clock", ""
    name = change.field if change.noun == "account" else f"{change.field} of {subject}"
    return f"{name} went from {_word(change.before)} to", _word(change.after), "dash", ""


def _came(change: StateChange) -> str:
    if change.after == "deleted":
        return "was removed" if change.source == Source.EVENT else "is no longer at Stripe"
    added = "was created" if change.noun == "account" else "was added"
    return "was first seen" if change.source == Source.SYNC else added


def _word(value: Any) -> str:
    return {None: "nothing", True: "true", False: "false"}.get(value, str(value))


def _required(kind: str, became: str, rows: list[Requirement], persons: Mapping[str, str]) -> Entry:
    asked = list(dict.fromkeys(_asked(row.key, persons) for row in rows))
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
    told = _source(rows[0])
    return Entry(
        at=rows[0].at,
        icon="triangle" if kind in ("past_due", "errors") and became == "due" else "document",
        tone="bad" if kind in ("past_due", "errors") and became == "due" else "",
        text=texts.get((kind, became), f"{kind} {became}:"),
        strong=words,
        **{**told, "who": "", "notes": (*told.get("notes", ()), *faults)},
    )


def _asked(key: str, persons: Mapping[str, str]) -> str:
    asked = understand(key, persons)
    return asked.sentence or ": ".join(filter(None, (asked.subject, asked.topic)))


def _sessions(window: _Window) -> Iterator[Entry]:
    """Who viewed as the account, each session with its count of pages."""
    sessions = WorkSession.objects.select_related("user").annotate(pages=Count("accesses"))
    for session in window.of(sessions, "started_at"):
        mode = "could change it" if session.mode == WorkSession.Mode.WORK else "look only"
        yield Entry(
            at=session.started_at,
            icon="eye",
            who=session.user.get_username(),
            text=f"viewed as this account, {mode}",
            notes=tuple(filter(None, (session.ticket, f"{session.pages} pages"))),
        )


def _audit(window: _Window) -> Iterator[Entry]:
    rows = AuditEntry.objects.all()
    for start in ELSEWHERE:
        rows = rows.exclude(action__startswith=start)
    for row in window.of(rows, "at"):
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
    for event in rows.order_by("-created", "-received_at")[: window.limit]:
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
