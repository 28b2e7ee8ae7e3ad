"""Drift: where mirror and Stripe differ. It is found and said, not overwritten in silence; nothing here writes a row.

What a list shows otherwise than the mirror is read once more by itself, between two looks at its row, so that a change
that is on its way is no finding. A finding names fields and no values: those may be somebody's.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models.fields.json import KT

from gateway import clock, mirror, order
from gateway.absorbing import Object, Outcome, Page, Shown, by_kind
from gateway.errors import Unreachable
from gateway.models import Drift, Event
from gateway.walks import Walk, by_model

Data = dict[str, Any]
Kind = Drift.Kind
FIELDS = 50  # named at most


def compare(pages: Sequence[Page]) -> Outcome:
    """What the mirror lacks is found at once; what it has otherwise must be read by itself. Two queries a kind."""
    outcome = Outcome()
    for model, shown in by_kind(pages):
        outcome.objects += len(shown)
        rows = {row.pk: row for row in model.every.filter(pk__in=shown, data__isnull=False)}
        outcome.differences += _note_missing(model, {key: each for key, each in shown.items() if key not in rows})
        for row_id, row in rows.items():
            each = shown[row_id]
            if row.gone or row.data != each.data:
                outcome.unclear.append(Object(each.page, model.stripe_object, row_id, each.account))
    return outcome


def read(what: Object) -> Outcome:
    """Compare one object: one call, two where its row was written meanwhile. Raises Refused, Unreachable."""
    model = mirror.REGISTRY[what.noun]
    for _ in range(mirror.FETCH_TRIES):
        before = model.every.get(pk=what.row_id)
        data, _ = mirror.read(model, what.row_id, what.account)
        row = model.every.get(pk=what.row_id)
        if row.revision == before.revision:
            found = _finding(row, data)
            noted = _note([found]) if found and not _on_the_way(model, [row.pk]) else 0
            return Outcome(differences=noted, gone=data is None)
    raise Unreachable(f"{what.row_id} changed faster than it could be read.", sent=True)


def unseen(walks: Iterable[Walk]) -> list[tuple[Walk, Object]]:
    """What the mirror holds and these walks, which have ended, did not show. One query a noun.

    Nothing of a walk that another process began: what that has seen is not known.
    """
    found = []
    for model, of in by_model(walk for walk in walks if walk.whole).items():
        theirs = model.objects.filter(gone_at=None).order_by("pk")
        theirs = theirs if None in of else theirs.filter(account__in=of)
        for row_id, owner, its_id in theirs.values_list("pk", "account_id", KT("data__id")).iterator():
            walk = of.get(None) or of[owner]
            if its_id not in walk.seen:
                found.append((walk, Object(0, walk.noun, row_id, owner)))
    return found


def in_mirror(accounts: list[str]) -> list[str]:
    """Those that the mirror has: of an account that is missing, all else is missing as well. One query."""
    known = set(mirror.account_model().objects.filter(pk__in=accounts).values_list("pk", flat=True))
    return [account for account in accounts if account in known]


def differing(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Dotted names of what differs in two values of JSON. A list is whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({**old, **new}):
            yield from differing(old.get(name), new.get(name), f"{path}.{name}" if path else str(name))
    elif old != new:
        yield path


def _finding(row: mirror.Mirror, data: Data | None) -> Drift | None:
    """What a row and its object at Stripe, None where there is none, differ in."""
    if data is None:
        return None if row.gone else _drift(row, Kind.GONE)
    if row.gone:
        return _drift(row, Kind.BACK)
    return None if data == row.data else _drift(row, Kind.DIFFERS, list(differing(row.data, data))[:FIELDS])


def _drift(row: mirror.Mirror, kind: str, fields: Sequence[str] = ()) -> Drift:
    return Drift(
        noun=row.stripe_object,
        object_id=row.pk,
        account=row.account_id or "",
        kind=kind,
        fields=list(fields),
        found_at=clock.now(),
    )


def _note_missing(model: type[mirror.Mirror], shown: dict[str, Shown]) -> int:
    """Note what the mirror lacks, unless its event waits, or it is so new that its event may be on its way."""
    coming = _on_the_way(model, list(shown))
    return _note(
        [
            _drift(model(id=row_id, account_id=mirror.owner(model, row_id, each.account)), Kind.MISSING)
            for row_id, each in shown.items()
            if row_id not in coming and not each.sent_at - order.DOUBT < (each.data.get("created") or 0)
        ]
    )


def _on_the_way(model: type[mirror.Mirror], row_ids: list[str]) -> set[str]:
    """Those of which events wait to be applied. One query."""
    keys = {f"{model.stripe_object}:{row_id}": row_id for row_id in row_ids}
    waiting = Event.objects.filter(object_key__in=keys).waiting().values_list("object_key", flat=True)
    return {keys[key] for key in waiting} if keys else set()


def _note(found: list[Drift]) -> int:
    """Keep what was found, in the place of what was known of these objects; how many."""
    Drift.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["noun", "object_id"],
        update_fields=["account", "kind", "fields", "found_at"],
    )
    return len(found)
