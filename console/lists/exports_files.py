"""Exports as files: CSV, which can be gone on with after a crash, and XLSX, which is written in one go."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from console.lists.exports_cells import Cell, guarded

CSV, XLSX = "csv", "xlsx"
TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WORDS = {CSV: "CSV", XLSX: "Excel (XLSX)"}
MOST_IN_SHEET = 1_048_575  # rows below the headings: a sheet has no more
FIRST_DAY = datetime(1900, 3, 1, tzinfo=UTC)  # spreadsheets count days before it in two ways
EXACT = 10**15  # the numbers of a spreadsheet have fifteen digits
FORMATS = {0: "#,##0", 2: "#,##0.00", 3: "#,##0.000"}  # by the decimals of a currency


def csv_head(titles: Sequence[str]) -> bytes:
    """The mark by which spreadsheets know UTF-8, and the line of headings."""
    return b"\xef\xbb\xbf" + csv_lines([list(titles)])


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows as RFC 4180 has them; texts quoted and guarded, numbers bare, moments in ISO 8601, UTC."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerows([_bare(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8")


def _bare(cell: Cell) -> Any:
    if isinstance(cell, str):
        return guarded(cell)
    return iso(cell) if isinstance(cell, datetime) else cell


def iso(at: datetime) -> str:
    """A moment as machines write it: 2026-11-26T07:45:00Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


class Workbook:
    """One sheet, written row by row in constant memory. `close` writes the file; nothing is a formula or a link."""

    def __init__(self, file: BinaryIO, titles: Sequence[str], sheet: str, folder: Path | None = None) -> None:
        options: dict[str, Any] = {"constant_memory": True, "tmpdir": str(folder) if folder else None}
        self.book = xlsxwriter.Workbook(file, options)
        self.sheet = self.book.add_worksheet(sheet[:31])
        self.time = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.amounts = {number: self.book.add_format({"num_format": form}) for number, form in FORMATS.items()}
        bold = self.book.add_format({"bold": True})
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_column(0, len(titles) - 1, 20)
        for place, title in enumerate(titles):
            self.sheet.write_string(0, place, title, bold)
        self.rows = 0

    def write(self, cells: Sequence[Cell]) -> None:
        """One row."""
        self.rows += 1
        for place, cell in enumerate(cells):
            self._write(self.rows, place, cell)

    def _write(self, row: int, place: int, cell: Cell) -> None:
        if isinstance(cell, str):
            self.sheet.write_string(row, place, cell)
        elif isinstance(cell, datetime) and cell >= FIRST_DAY:
            self.sheet.write_datetime(row, place, cell.astimezone(UTC).replace(tzinfo=None), self.time)
        elif isinstance(cell, datetime):
            self.sheet.write_string(row, place, iso(cell))
        elif cell is not None and not -EXACT < cell < EXACT:
            self.sheet.write_string(row, place, str(cell))
        elif isinstance(cell, Decimal):
            exponent = cell.as_tuple().exponent
            self.sheet.write_number(row, place, float(cell), self.amounts[-exponent])  # type: ignore[operator]
        elif cell is not None:
            self.sheet.write_number(row, place, cell)

    def close(self) -> None:
        """Write the file."""
        self.book.close()
