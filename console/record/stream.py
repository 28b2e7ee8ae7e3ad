"""Rows of several tables in one stream, oldest first, paged by keyset: each table by its own index, nothing counted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from console.lists import addresses, keyset

EARLIER, LATER = "before", "after"  # in the address: moment, number of the source and id of the row beside the page
Place = tuple[datetime, int, Any]


@dataclass(frozen=True)
class Line:
    """One line: when, what, how it went. `mode` begins a part of the stream."""

    at: datetime
    icon: str
    text: str
    tone: str = ""
    url: str = ""
    state: str = ""  # of an operation
    mode: str = ""
    notes: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """One table's rows in the stream: the field that dates them, and what a row says."""

    rows: QuerySet
    moment: str
    line: Callable[[Any], Line]


@dataclass(frozen=True)
class Stream:
    """One page. `earlier` and `later` are the cursors of its neighbours, "" where there is none."""

    lines: list[Line] = field(default_factory=list)
    earlier: str = ""
    later: str = ""


def read(sources: Sequence[Source], asked: Mapping[str, str], size: int) -> Stream:
    """The page that an address asks for; a cursor that is none is the first page. One query a source."""
    cursor, backwards = _cursor(sources, asked.get(EARLIER, "")), True
    if cursor is None:
        cursor, backwards = _cursor(sources, asked.get(LATER, "")), False
    found = [
        ((getattr(row, source.moment), number, row.pk), source.line(row))
        for number, source in enumerate(sources)
        for row in _rows(source, number, cursor, size, backwards=backwards)
    ]
    found.sort(key=lambda each: each[0], reverse=backwards)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Stream()
    earlier, later = (more, True) if backwards else (cursor is not None, more)
    first, last = found[0][0], found[-1][0]
    return Stream([line for _, line in found], _mark(first) if earlier else "", _mark(last) if later else "")


def _rows(source: Source, number: int, cursor: Place | None, size: int, *, backwards: bool) -> QuerySet:
    moment, rows = source.moment, source.rows
    if cursor:
        at, other, pk = cursor
        side = "lt" if backwards else "gt"
        beyond = Q(**{f"{moment}__{side}": at})
        if number == other:
            beyond |= Q(**{moment: at, f"pk__{side}": pk})
        elif (number > other) != backwards:  # of one moment the sources stand in their order
            beyond |= Q(**{moment: at})
        rows = rows.filter(beyond)
    return rows.order_by(*((f"-{moment}", "-pk") if backwards else (moment, "pk")))[: size + 1]


def _mark(place: Place) -> str:
    at, number, pk = place
    return f"{at.isoformat()},{number},{pk}"


def _cursor(sources: Sequence[Source], text: str) -> Place | None:
    moment, _, rest = text.partition(",")
    place, _, row_id = rest.partition(",")
    at, number = addresses.as_datetime(moment, zone=True), addresses.number(place)
    if at is None or number is None or number >= len(sources):
        return None
    pk = keyset.value(sources[number].rows.model._meta.pk, row_id)
    return None if pk is None else (at, number, pk)
