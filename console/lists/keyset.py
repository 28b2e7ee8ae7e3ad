"""Lists by keyset: newest first, a page at a time, from a row on and never by number. No row is counted or skipped."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, Field, IntegerField, Q, QuerySet, UUIDField

from console.lists import addresses

OLDER, NEWER = "older", "newer"  # in the address: the place and the id of the row beside which a page begins
CREATED = ("created", "id")  # what most lists are ordered by: a field, and an id that tells apart what it cannot


@dataclass(frozen=True)
class Page:
    """One page. `newer` and `older` are the cursors of its neighbours, "" where there is none."""

    rows: list[Any]
    newer: str = ""
    older: str = ""


def read(
    rows: QuerySet | Sequence[QuerySet], asked: Mapping[str, str], size: int, by: tuple[str, str] = CREATED
) -> Page:
    """The page that an address asks for (NEWER, OLDER); a cursor that is none is the first page.

    Several queries of one table, each with an index of its own, are read as one list. One query each.
    """
    queries = [rows] if isinstance(rows, QuerySet) else list(rows)
    cursor, backwards = _cursor(queries, asked.get(NEWER, ""), by), True
    if cursor is None:
        cursor, backwards = _cursor(queries, asked.get(OLDER, ""), by), False
    found = _merged([_rows(each, cursor, size, by, backwards=backwards) for each in queries], by, backwards=backwards)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page(found)
    newer, older = (more, True) if backwards else (cursor is not None, more)
    return Page(found, _mark(found[0], by) if newer else "", _mark(found[-1], by) if older else "")


def _rows(queryset: QuerySet, cursor: Any, size: int, by: tuple[str, str], *, backwards: bool) -> list[Any]:
    place, key = by
    if cursor:
        at, row_id = cursor
        side = "gt" if backwards else "lt"
        beyond = Q(**{f"{place}__{side}": at}) | Q(**{f"{key}__{side}": row_id})
        queryset = queryset.filter(beyond, **{f"{place}__{side}e": at})  # a bound at which an index begins
    order = (place, key) if backwards else (f"-{place}", f"-{key}")
    return list(queryset.order_by(*order)[: size + 1])


def _merged(parts: list[list[Any]], by: tuple[str, str], *, backwards: bool) -> list[Any]:
    """The rows of all parts, each once, in the order of the parts."""
    if len(parts) == 1:
        return parts[0]
    found = {row.pk: row for part in parts for row in part}
    return sorted(found.values(), key=lambda row: [getattr(row, name) for name in by], reverse=not backwards)


def _mark(row: Any, by: tuple[str, str]) -> str:
    place, key = (getattr(row, name) for name in by)
    place = place.isoformat() if isinstance(place, datetime) else "" if place is None else place
    return f"{place},{key}"


def _cursor(queries: Sequence[QuerySet], text: str, by: tuple[str, str]) -> tuple[Any, Any] | None:
    if not (text and queries):
        return None
    first, _, second = text.partition(",")
    fields = [queries[0].model._meta.get_field(name) for name in by]
    at, row_id = (value(field, word) for field, word in zip(fields, (first, second), strict=True))
    return None if at is None or row_id is None else (at, row_id)


def value(field: Field, text: str) -> Any:
    """What a field can be compared with, or None for a text that is no such thing."""
    if isinstance(field, DateTimeField):
        return addresses.as_datetime(text, zone=True)
    if isinstance(field, IntegerField):
        return addresses.number(text)
    if isinstance(field, UUIDField):
        try:
            return uuid.UUID(text)
        except ValueError:
            return None
    return text[:255] if text and text.isprintable() else None
