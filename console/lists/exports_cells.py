"""What one cell of an exported list holds: the columns of a list, and values that no spreadsheet takes for a formula.

Pure. A cell is a text, a whole number, an amount (Decimal with its currency's decimals), a moment in UTC, or None.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from console.people import masking
from console.shell import formats
from gateway import texts

Cell = str | int | Decimal | datetime | None
TEXT, NUMBER, AMOUNT, TIME, EMAIL = "text", "number", "amount", "time", "email"
FLEET, OF_ACCOUNT = "fleet", "of_account"  # a column that only the list over all accounts has, or only an account's own
LONGEST = 32_000  # characters of a cell: spreadsheets take 32,767
NO_TEXT = re.compile("[\ufffe\uffff]")  # what XML has no place for, beside what texts.one_line replaces
FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"  # and as some keyboards write them wide
_SIGNS = re.escape(FORMULA)
BEHIND_SEMICOLON = re.compile(f"(;[^{_SIGNS}\\w]*)(?=[{_SIGNS}])")  # where a semicolon parts cells, one begins there


@dataclass(frozen=True)
class Column:
    """One column of an export. `read` gives a row's value: for AMOUNT (minor units, currency), for TIME a moment.

    `of` is the heading under which the list shows it, its own title where that is "". An EMAIL is masked as a page
    masks it.
    """

    title: str
    read: Callable[[Any], Any]
    kind: str = TEXT
    of: str = ""
    only: str = ""

    @property
    def heading(self) -> str:
        """The heading of the list under which it stands."""
        return self.of or self.title


def amount_columns(title: str, read: Callable[[Any], tuple[Any, str]]) -> tuple[Column, Column]:
    """An amount in its currency's major unit, and the currency beside it."""
    return Column(title, read, AMOUNT), Column("Currency", lambda row: read(row)[1].upper(), of=title)


def cells(columns: Iterable[Column], row: Any, *, may_see: bool) -> list[Cell]:
    """One row of an export."""
    return [_cell(column, column.read(row), may_see=may_see) for column in columns]


def _cell(column: Column, value: Any, *, may_see: bool) -> Cell:
    if column.kind == AMOUNT:
        return _amount(*value)
    if column.kind == TIME:
        return formats.as_datetime(value)
    if column.kind == NUMBER:
        return value if isinstance(value, int) else None
    if column.kind == EMAIL:
        value = masking.email(str(value or ""), may_see=may_see)
    return plain(str(value)) if value not in (None, "") else None


def _amount(minor: Any, currency: str) -> Cell:
    if isinstance(minor, bool) or not isinstance(minor, int):
        return None
    return Decimal(minor).scaleb(-formats.decimals(currency))


def plain(text: str) -> str:
    """A text on one line, without what steers a program or turns a line round; no longer than a cell may be."""
    return NO_TEXT.sub("\ufffd", texts.one_line(text))[:LONGEST]


def guarded(text: str) -> str:
    """A plain text as a CSV file has it: an apostrophe before whatever a spreadsheet would take for a formula.

    Judged is the first character that anybody sees, a blank (a tab or a line's end is one by now), and what follows a
    semicolon: in many countries it parts cells.
    """
    seen = next((each for each in text if texts.visible(each)), "")
    begins = text[:1] == " " or (seen != "" and seen in FORMULA)
    inside = BEHIND_SEMICOLON.sub(r"\1'", text)
    return f"'{inside}" if begins else inside
