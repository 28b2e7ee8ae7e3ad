"""Columns of exports that many lists have: a state in the words of its badge, another object by its name and id."""

from collections.abc import Callable
from typing import Any

from console.lists.exports_cells import TIME, Column
from console.shell import nouns
from console.shell.badges import NOTHING
from gateway.mirror import related

NOT_YET = "Not yet imported"


def badge_column(title: str, kind: str, read: Callable[[Any], Any]) -> Column:
    """A state as its badge says it."""

    def word(row: Any) -> str:
        badge = nouns.badge(read(row), kind)
        return "" if badge is NOTHING else badge.word

    return Column(title, word)


def object_columns(title: str, name: str, *, of: str = "") -> tuple[Column, Column]:
    """What a row belongs to: its name, or that it is not yet here, and its id."""

    def named(row: Any) -> str:
        found, its_id = related(row, name), getattr(row, f"{name}_id")
        return str(found) if found is not None else NOT_YET if its_id else ""

    return Column(title, named, of=of or title), Column(
        f"{title} id", lambda row: getattr(row, f"{name}_id"), of=of or title
    )


def created_columns() -> tuple[Column, Column]:
    """When, by Stripe's clock, under the heading that each of the two lists has for it."""
    return (
        Column("When, UTC", lambda row: row.created, TIME, only="of_account"),
        Column("Created, UTC", lambda row: row.created, TIME, only="fleet"),
    )
