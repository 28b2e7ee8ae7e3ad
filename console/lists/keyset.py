"""Lists by keyset: newest first, a page at a time, from a row on and never by number. No row is counted or skipped.

Rows without a place (Stripe gave no `created`) come last, by id.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.cache import cache
from django.db.models import DateTimeField, F, Field, IntegerField, Q, QuerySet, UUIDField

from console.lists import addresses
from gateway.spellings import Sought

OLDER, NEWER = "older", "newer"  # in the address: the place and the id of the row beside which a page begins
CREATED = ("created", "id")  # what most lists are ordered by: a field, and an id that tells apart what it cannot
FOUND = 10  # rows that the search box shows of each noun
KNOWN = 60  # seconds
MOST = 200  # ids that another table names: so many are looked up one by one
NEAR = 5_000  # rows beside a cursor that are looked through for a part of a word before its own index is asked


@dataclass(frozen=True)
class Page:
    """One page. `newer` and `older` are the cursors of its neighbours, "" where there is none."""

    rows: list[Any]
    newer: str = ""
    older: str = ""


@dataclass(frozen=True)
class Part:
    """Those of `rows` that hold a part of a word: an index may find them, but not in the order of the list."""

    rows: QuerySet[Any]
    holds: Q


@dataclass(frozen=True)
class Few:
    """Those of `rows` that have a value: an index finds them, and a page is chosen before other tables are joined."""

    rows: QuerySet[Any]
    holds: Q


Asked = QuerySet[Any] | Few | Part


def searched(rows: Any, sought: Sought) -> list[Asked]:
    """The rows that a search finds, as queries of which each has its index; a short table needs none.

    One query for each table elsewhere in which it looks.
    """
    if not is_long(rows.model):
        return [rows.filter(reduce(or_, sought.ways))] if sought.ways else []
    exact, parts = list(sought.exact), list(sought.parts)
    for named in sought.elsewhere:
        ids = list(named[: MOST + 1])
        if len(ids) > MOST:
            parts.append(Q(pk__in=named))
        elif ids:
            exact.append(Q(pk__in=ids))
    return [*(Few(rows, each) for each in exact), *(Part(rows, each) for each in parts)]


def first_found(rows: Any, words: str, *, personal: bool, most: int = FOUND) -> list[Any]:
    """The newest rows that a search finds."""
    return read(searched(rows, rows.sought(words, personal=personal)), {}, most).rows


def read(rows: Asked | Sequence[Asked], asked: Mapping[str, str], size: int, by: tuple[str, str] = CREATED) -> Page:
    """The page that an address asks for (NEWER, OLDER); a cursor that is none is the first page.

    Several queries of one table, each with an index of its own, are read as one list. One query each; for parts of
    words two more where the table is long; one where rows that several found share a place; and one for rows without a
    place, where the others do not fill the page.
    """
    queries = [rows] if isinstance(rows, Asked) else list(rows)
    cursor, backwards = _cursor(queries, asked.get(NEWER, ""), by), True
    if cursor is None:
        cursor, backwards = _cursor(queries, asked.get(OLDER, ""), by), False
    if not queries:
        return Page([])
    found = Reading(queries, cursor, size, by, backwards=backwards).rows()
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page(found)
    newer, older = (more, True) if backwards else (cursor is not None, more)
    return Page(found, _mark(found[0], by) if newer else "", _mark(found[-1], by) if older else "")


def count(queries: Asked | Sequence[Asked], most: int) -> int:
    """How many rows they have, counted up to `most`. One query each, until there are so many."""
    found: set[Any] = set()
    for each in [queries] if isinstance(queries, Asked) else queries:
        if len(found) >= most:
            break
        rows = _named(each).order_by(*(() if isinstance(each, Part) else ("-created", "-id")))
        found.update(rows.select_related(None).values_list("pk", flat=True)[:most])
    return min(len(found), most)


@dataclass
class Reading:
    """One page's queries: its rows from the cursor on (None: the first), and one more where there is one."""

    queries: list[Asked]
    cursor: tuple[Any, Any] | None
    size: int
    by: tuple[str, str]
    backwards: bool

    def rows(self) -> list[Any]:
        """Those with a place, then those without; backwards the other way round."""
        model = _model(self.queries[0])
        if not model._meta.get_field(self.by[0]).null:
            return self.placed(self.cursor)
        if self.cursor is None and not (self.backwards or is_long(model)):
            return self._whole()
        at_end = self.cursor is not None and self.cursor[0] is None
        if self.backwards:
            found = self._unplaced(self.cursor) if at_end else []
            return found if len(found) > self.size else found + self.placed(None if at_end else self.cursor)
        found = [] if at_end else self.placed(self.cursor)
        return found if len(found) > self.size else found + self._unplaced(self.cursor if at_end else None)

    def _whole(self) -> list[Any]:
        """The first of a short table, whose rows are sorted: those without a place among them, one query for each."""
        place, key = self.by
        order = (F(place).desc(nulls_last=True), f"-{key}")
        return self._merged([list(_named(each).order_by(*order)[: self.size + 1]) for each in self.queries])

    def placed(self, cursor: tuple[Any, Any] | None) -> list[Any]:
        """Those with a place, from a cursor on."""
        found = [self._first(each, cursor) for each in self.queries if not isinstance(each, Part)]
        parts = [each for each in self.queries if isinstance(each, Part)]
        return self._merged([*found, *([self._parts(parts, cursor)] if parts else [])])

    def _first(self, asked: QuerySet[Any] | Few, cursor: tuple[Any, Any] | None) -> list[Any]:
        """The first of a query's rows. One query."""
        rows = self._beyond(_named(asked), cursor).order_by(*self._order)
        if isinstance(asked, Few):
            chosen = rows.select_related(None).values("pk")[: self.size + 1]
            rows = _plain(asked).filter(pk__in=chosen).order_by(*self._order)
        return list(rows[: self.size + 1])

    def _unplaced(self, cursor: tuple[Any, Any] | None) -> list[Any]:
        """Those without a place, from a cursor on. All queries are one here: such rows are few, and have an index."""
        place, key = self.by
        without = Q(**{f"{place}__isnull": True})
        if cursor:
            without &= Q(**{f"{key}__{'gt' if self.backwards else 'lt'}": cursor[1]})
        found = [_named(each) for each in self.queries]
        rows = found[0].filter(without)
        if len(found) > 1:
            ids = [each.filter(without).order_by().values("pk") for each in found]
            rows = _plain(self.queries[0]).filter(pk__in=ids[0].union(*ids[1:]))
        return list(rows.order_by(key if self.backwards else f"-{key}")[: self.size + 1])

    def _beyond(self, rows: QuerySet[Any], cursor: tuple[Any, Any] | None) -> QuerySet[Any]:
        """The rows with a place behind the cursor."""
        place, key = self.by
        if cursor is None:
            return rows.filter(**{f"{place}__isnull": False}) if rows.model._meta.get_field(place).null else rows
        at, row_id = cursor
        side = "gt" if self.backwards else "lt"
        beyond = Q(**{f"{place}__{side}": at}) | Q(**{f"{key}__{side}": row_id})
        return rows.filter(beyond, **{f"{place}__{side}e": at})  # a bound at which an index begins

    @property
    def _order(self) -> tuple[str, str]:
        place, key = self.by
        return (place, key) if self.backwards else (f"-{place}", f"-{key}")

    def _parts(self, parts: list[Part], cursor: tuple[Any, Any] | None) -> list[Any]:
        """What is near is found by the list's own index, however much there is; the rest by the index of each part."""
        holds = Q()
        for part in parts:
            holds |= part.holds
        place, rows = self.by[0], self._beyond(parts[0].rows, cursor)
        edge = self._edge(rows)
        near = rows if edge is None else rows.filter(**{f"{place}__{'lte' if self.backwards else 'gte'}": edge})
        found = list(near.filter(holds).order_by(*self._order)[: self.size + 1])
        if edge is None or len(found) > self.size:
            return found
        beyond = rows.filter(**{f"{place}__{'gt' if self.backwards else 'lt'}": edge})
        ids = {row_id for part in parts for row_id in self._far(beyond.filter(part.holds), self.size + 1 - len(found))}
        return found + (list(parts[0].rows.filter(pk__in=ids).order_by(*self._order)) if ids else [])

    def _edge(self, rows: QuerySet[Any]) -> Any:
        """Where what is near ends; None where all that is left is near. One query, none in a short table."""
        if not is_long(rows.model):
            return None
        places = rows.select_related(None).order_by(*self._order).values_list(self.by[0], flat=True)
        return next(iter(places[NEAR : NEAR + 1]), None)

    def _far(self, found: QuerySet[Any], most: int) -> list[Any]:
        """Ids of the first of them, in an order that no index has: else a database walks the list's, past all rows."""
        place, key = self.by
        order = (F(place).asc(nulls_first=True), key) if self.backwards else (F(place).desc(nulls_last=True), f"-{key}")
        return list(found.select_related(None).order_by(*order).values_list("pk", flat=True)[:most])

    def _merged(self, parts: list[list[Any]]) -> list[Any]:
        """The rows of all parts, each once, in the order of the parts; no place is behind all.

        Of rows of one place the database is asked which comes first: its order of texts may be that of a language.
        """
        if len(parts) == 1:
            return parts[0]
        place, key = self.by
        found = {row.pk: row for part in parts for row in part}
        places = Counter(getattr(row, place) for row in found.values())
        tied = [row.pk for row in found.values() if places[getattr(row, place)] > 1]
        own = _model(self.queries[0])._base_manager.filter(pk__in=tied).order_by(key).values_list("pk", flat=True)
        ranks = {pk: rank for rank, pk in enumerate(own if tied else ())}

        def order(row: Any) -> tuple[bool, Any, int]:
            at = getattr(row, place)
            return at is not None, at, ranks.get(row.pk, 0)

        return sorted(found.values(), key=order, reverse=not self.backwards)


def _plain(asked: Asked) -> QuerySet[Any]:
    return asked if isinstance(asked, QuerySet) else asked.rows


def _named(asked: Asked) -> QuerySet[Any]:
    """Its rows, as one query."""
    return asked if isinstance(asked, QuerySet) else asked.rows.filter(asked.holds)


def _model(asked: Asked) -> Any:
    return _plain(asked).model


def is_long(model: Any) -> bool:
    """Whether a table has more than NEAR rows; as it was within KNOWN seconds."""
    name = f"long:{model._meta.db_table}"
    found: bool | None = cache.get(name)
    if found is None:
        found = model._base_manager.order_by()[: NEAR + 1].count() > NEAR
        cache.set(name, found, KNOWN)
    return found


def _mark(row: Any, by: tuple[str, str]) -> str:
    place, key = (getattr(row, name) for name in by)
    place = place.isoformat() if isinstance(place, datetime) else "" if place is None else place
    return f"{place},{key}"


def _cursor(queries: Sequence[Asked], text: str, by: tuple[str, str]) -> tuple[Any, Any] | None:
    """The place and the id of a row; the place of None is behind all others."""
    if not (text and queries):
        return None
    first, _, second = text.partition(",")
    fields = [_model(queries[0])._meta.get_field(name) for name in by]
    at, row_id = (value(field, word) for field, word in zip(fields, (first, second), strict=True))
    if row_id is None or (at is None and (first or not fields[0].null)):
        return None
    return at, row_id


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
