"""Rows of several tables by one query, each a row of its own model: what one page may cost is counted."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import JSONField, QuerySet, Value
from django.db.models.functions import JSONObject


def read(queries: Sequence[QuerySet[Any]], most: int) -> list[list[Any]]:
    """The first `most` rows of each of these queries, in any order; one query for all, none where there is none.

    What a query defers is not read. Rows of other models that a query selects with its own are not read either.
    """
    if not queries:
        return []
    first, *others = (_part(place, each, most) for place, each in enumerate(queries))
    found: list[list[Any]] = [[] for _ in queries]
    for place, values in first.union(*others, all=True) if others else first:
        found[place].append(_row(queries[place].model, values))
    return found


def _part(place: int, rows: QuerySet[Any], most: int) -> QuerySet[Any]:
    """One query's rows as JSON, which all models have in common. SQLite takes no limit in a union but within an IN."""
    deferred, _ = rows.query.deferred_loading
    names = [each.attname for each in rows.model._meta.concrete_fields if each.name not in deferred]
    own = rows.model._base_manager.filter(pk__in=rows.values("pk")[:most]).order_by()
    return own.annotate(place=Value(place), row=JSONObject(**{name: name for name in names})).values_list(
        "place", "row"
    )


def _row(model: type[Any], values: dict[str, Any]) -> Any:
    fields = [each for each in model._meta.concrete_fields if each.attname in values]  # from_db wants their order
    read = [_value(each, values[each.attname]) for each in fields]
    return model.from_db("default", [each.attname for each in fields], read)


def _value(field: Any, value: Any) -> Any:
    """As the database gives it by itself: SQLite's JSON holds moments without their zone, and JSON as text."""
    if isinstance(field, JSONField):
        return json.loads(value) if isinstance(value, str) else value
    value = getattr(field, "target_field", field).to_python(value)
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
