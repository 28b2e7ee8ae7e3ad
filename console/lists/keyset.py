"""Lists by keyset: newest first, a page at a time, from a row on and never by number. No row is counted or skipped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from console.lists import addresses

OLDER, NEWER = "older", "newer"  # in the address: the moment and the id of the row beside which a page begins


@dataclass(frozen=True)
class Page:
    """One page. `newer` and `older` are the cursors of its neighbours, "" where there is none."""

    rows: list[Any]
    newer: str = ""
    older: str = ""


def read(queryset: QuerySet, asked: Mapping[str, str], size: int) -> Page:
    """The page that an address asks for (NEWER, OLDER); a cursor that is none is the first page. One query."""
    cursor, backwards = _cursor(asked.get(NEWER, "")), True
    if cursor is None:
        cursor, backwards = _cursor(asked.get(OLDER, "")), False
    rows = _rows(queryset, cursor, size, backwards=backwards)
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page(rows)
    newer, older = (more, True) if backwards else (cursor is not None, more)
    return Page(rows, _mark(rows[0]) if newer else "", _mark(rows[-1]) if older else "")


def _rows(queryset: QuerySet, cursor: tuple[datetime, str] | None, size: int, *, backwards: bool) -> list[Any]:
    if cursor:
        moment, row_id = cursor
        side = "gt" if backwards else "lt"
        queryset = queryset.filter(Q(**{f"created__{side}": moment}) | Q(created=moment, **{f"id__{side}": row_id}))
    order = ("created", "id") if backwards else ("-created", "-id")
    return list(queryset.order_by(*order)[: size + 1])


def _mark(row: Any) -> str:
    return f"{row.created.isoformat() if row.created else ''},{row.pk}"


def _cursor(text: str) -> tuple[datetime, str] | None:
    moment, _, row_id = text.partition(",")
    at = addresses.as_datetime(moment, zone=True)
    return (at, row_id[:255]) if at and row_id and row_id.isprintable() else None
