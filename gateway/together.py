"""The rows of several mirrors by one query."""

from typing import Any

from django.db import models

KEPT = ("id", "account_id", "livemode", "created", "data", "as_of", "revision", "gone_at")  # columns of every mirror


def rows(*queries: models.QuerySet[Any]) -> list[list[Any]]:
    """The rows of each of these queries, one a model and without an order of their own. One query for all.

    The columns that only one model has are filled from `data`, as at each write.
    """
    parts = [
        each.order_by().annotate(place=models.Value(place)).values_list("place", *KEPT)
        for place, each in enumerate(queries)
    ]
    found: list[list[Any]] = [[] for _ in queries]
    for place, *values in parts[0].union(*parts[1:], all=True):
        row = queries[place].model.from_db(queries[place].db, KEPT, values)
        row.set_columns()
        found[place].append(row)
    return found
