"""What no spreadsheet may take for a formula, and what stays a number. Pure."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.lists.exports_cells import AMOUNT, EMAIL, LONGEST, NUMBER, TIME, Column, cells, guarded, plain
from console.lists.exports_files import Workbook, csv_head, csv_lines

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u200b=1",
    "\ufeff=cmd|' /C calc'!A0",
    "\u202e=1",
    "\uff1d1+1",
    '=HYPERLINK("https://evil.example","open")',
    "a;=1+1",
    'x"; =1',
    'Shop;"=1+1',
    'Shop;""-1',
    "\x00=1",
]


def written(text: str) -> tuple[str, str]:
    """A text in a cell of a CSV file: the whole line, and what a program reads of it."""
    line = csv_lines([[plain(text)]]).decode()
    return line, next(csv.reader(io.StringIO(line, newline="")))[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_begins_as_a_formula(text: str) -> None:
    line, read = written(text)
    for part in read.split(";"):
        assert part.strip(' "\u200b\ufeff')[:1] not in ("=", "+", "-", "@", "\uff1d"), line
    assert line.count("\r\n") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula_where_a_semicolon_parts_cells(text: str) -> None:
    line = csv_lines([["m", plain(text)]]).decode()
    for cell in next(csv.reader(io.StringIO(line, newline=""), delimiter=";")):
        assert cell.strip(' "\u200b\ufeff')[:1] not in ("=", "+", "-", "@", "\uff1d"), cell


@given(st.text())
def test_whatever_the_text_a_cell_of_csv_is_one_cell_and_no_formula(text: str) -> None:
    line, read = written(text)
    assert len(list(csv.reader(io.StringIO(line, newline="")))) == 1
    assert read.strip()[:1] not in ("=", "+", "-", "@")
    assert not set(read) & set("\t\r\n\0\u202e")


def test_what_is_harmless_stays_as_it_is() -> None:
    for text in ("Kestrel Freight", "ic_1Abc", "a-b", "x = y", "50% off; twice", "•• 4242", "שלום"):
        assert guarded(plain(text)) == text


def test_values_by_their_kind() -> None:
    row = SimpleNamespace(money=(-1234, "usd"), yen=(500, "jpy"), dinar=(1, "bhd"), no=(None, ""), at=1_790_000_000)
    read = lambda name: lambda each: getattr(each, name)  # noqa: E731
    columns = [Column(name, read(name), AMOUNT) for name in ("money", "yen", "dinar", "no")]
    assert cells([*columns, Column("at", read("at"), TIME)], row, may_see=False) == [
        Decimal("-12.34"),
        Decimal(500),
        Decimal("0.001"),
        None,
        datetime.fromtimestamp(1_790_000_000, UTC),
    ]
    odd = SimpleNamespace(number="12", none=None, mail="jo@kestrel.example", long="x" * 99_999)
    columns = [Column("number", read("number"), NUMBER), Column("none", read("none"))]
    columns += [Column("mail", read("mail"), EMAIL), Column("long", read("long"))]
    assert cells(columns, odd, may_see=False) == [None, None, "j•••@kestrel.example", "x" * LONGEST]
    assert cells(columns[2:3], odd, may_see=True) == ["jo@kestrel.example"]


def test_numbers_are_bare_and_texts_quoted() -> None:
    line = csv_lines([["-1", Decimal("-1.50"), 7, None, datetime(2026, 11, 26, 7, 45, tzinfo=UTC)]]).decode()
    assert line == '"\'-1",-1.50,7,"","2026-11-26T07:45:00Z"\r\n'
    assert csv_head(["Ä"]) == b"\xef\xbb\xbf" + '"Ä"\r\n'.encode()


def read_back(*cells_: Any) -> list[Any]:
    file = io.BytesIO()
    book = Workbook(file, ["A"] * len(cells_), "A list with a name that is longer than a sheet's may be")
    book.write(cells_)
    book.close()
    return list(openpyxl.load_workbook(file).active[2])


@pytest.mark.parametrize("text", [*HOSTILE, "https://evil.example", "12", "2026-01-01", "{=1}", "\ufffe<&>"])
def test_a_text_is_a_text_in_a_workbook(text: str) -> None:
    (cell,) = read_back(plain(text))
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", plain(text), None)


def test_a_workbook_keeps_numbers_and_moments() -> None:
    at = datetime(2026, 11, 26, 7, 45, 3, tzinfo=UTC)
    early = datetime(1, 1, 1, tzinfo=UTC)
    amount, whole, large, when, old, none = read_back(Decimal("-1.50"), 7, 10**17, at, early, None)
    assert (amount.value, amount.data_type, amount.number_format) == (-1.5, "n", "#,##0.00")
    assert (whole.value, large.value, none.value) == (7, "100000000000000000", None)
    assert (when.value, when.is_date) == (at.replace(tzinfo=None), True)
    assert old.value.endswith("01-01T00:00:00Z")
