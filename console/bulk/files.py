"""Rows of a bulk run from a CSV file: a column `id`, and one for each value that a row has of its own. Pure but for
the looking up of what the ids name.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS

from console.bulk.models import BulkRow
from console.bulk.runs import BATCH, MOST, Wanted
from console.operations.attempts import plain
from console.operations.fields import IDLE, VerbForm, Where
from console.operations.verbs import Verb
from gateway import copied, texts
from gateway.mirror import account_model

LARGEST = 2 * 1024 * 1024  # bytes of a file
LONGEST = 200  # characters of a file that a sentence quotes
ID = "id"
Line = tuple[int, dict[str, str]]  # its number in the file, and its cells by column


class Unreadable(Exception):  # noqa: N818  (it is about the file)
    """No table that this verb takes. `str()` is the sentence for who chose it."""


def read(content: bytes, verb: Verb) -> list[Line]:
    """The lines of a file, without empty ones. Raises Unreadable.

    UTF-8 with or without a mark, fields parted by commas, semicolons or tabs; line 1 names the columns.
    """
    if len(content) > LARGEST:
        raise Unreadable("The file is larger than 2 MiB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The file is not UTF-8 text. Save it as “CSV UTF-8”.") from None
    if "\0" in text:
        raise Unreadable("The file is no text: it holds bytes that no table has.")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in next(table, [])]
        _check_columns(names, verb)
        lines = [
            (table.line_num, _cells(names, cells, table.line_num)) for cells in table if any(map(str.strip, cells))
        ]
    except csv.Error as problem:
        raise Unreadable(f"Line {table.line_num} cannot be read: {problem}.") from None
    if not lines:
        raise Unreadable("The file has no rows below its first line.")
    if len(lines) > MOST:
        raise Unreadable(f"The file has {len(lines):,} rows; at most {MOST:,} are done at once.")
    return lines


def columns(verb: Verb) -> list[str]:
    """What a file for this verb may have: the id of what it is about, then the verb's own fields."""
    return [ID, *(verb.from_file or _form_of(verb).base_fields)]


def _form_of(verb: Verb) -> type[VerbForm]:
    """The form of one line: without what is asked of one alone."""
    return verb.form if verb.row_form or verb.from_file else verb.common_form or verb.form


def _check_columns(names: list[str], verb: Verb) -> None:
    known = columns(verb)
    if ID not in names:
        raise Unreadable(f"The first line must name the columns, and {ID} among them: {', '.join(known)}.")
    if kept := [name for name in names if name in verb.sensitive]:
        raise Unreadable(f"There can be no column “{kept[0]}”: such values are never stored. Type them in a form.")
    if unknown := [name for name in names if name not in known]:
        raise Unreadable(f"There is no column “{unknown[0][:LONGEST]}” for this. There are: {', '.join(known)}.")
    if len(set(names)) < len(names):
        raise Unreadable("The first line names a column twice.")


def _cells(names: list[str], cells: list[str], number: int) -> dict[str, str]:
    if len(cells) > len(names):
        raise Unreadable(f"Line {number} has {len(cells)} cells, and there are {len(names)} columns.")
    return dict(zip(names, cells, strict=False))


def wanted(lines: list[Line], verb: Verb) -> list[Wanted]:
    """A row for each line: to be done, not possible, so already, or wrong, and why. Three queries for each BATCH lines.

    What a row's own form asks of the database comes on top.
    """
    seen: dict[str, int] = {}
    parts = (lines[at : at + BATCH] for at in range(0, len(lines), BATCH))
    return [row for part in parts for row in _wanted(part, verb, seen)]


def _wanted(lines: list[Line], verb: Verb, seen: dict[str, int]) -> Iterator[Wanted]:
    ids = [copied.tidy(cells.get(ID, "")) for _, cells in lines]
    found: dict[str, Any] = (verb.noun or account_model()).objects.in_bulk([each for each in ids if each.isprintable()])
    accounts: dict[str, Any] = found
    if verb.noun:
        accounts = account_model().objects.in_bulk({row.account_id for row in found.values()})
    for (number, cells), row_id in zip(lines, ids, strict=True):
        if row_id in seen and row_id in found:
            yield _bad(number, row_id, f"Line {seen[row_id]} is about it too.")
        elif row_id not in found:
            quoted = texts.one_line(row_id)[:LONGEST]
            yield _bad(number, row_id, f"There is no {verb.noun_name or 'account'} “{quoted}” here.")
        else:
            yield _sound(number, cells, verb, found[row_id], accounts.get(found[row_id].account_id))
        seen.setdefault(row_id, number)


def _bad(number: int, row_id: str, why: str) -> Wanted:
    return Wanted("", object_id=row_id[:255], position=number, state=BulkRow.State.BAD, why=why)


def _sound(number: int, cells: dict[str, str], verb: Verb, row: Any, account: Any) -> Wanted:
    object_id = row.pk if verb.noun else ""
    own = {name: text for name, text in cells.items() if name != ID}
    form = _form_of(verb)(verb.file_entries(row, own), where=Where(row.account_id, object_id, row=row))
    state, why, params, carried = BulkRow.State.WAITING, "", {}, []
    if not form.is_valid():
        state, why = BulkRow.State.BAD, " ".join(_problems(form))
        if form.has_error(NON_FIELD_ERRORS, IDLE) and len(form.errors) == 1:
            state = BulkRow.State.LEFT_OUT
    elif question := form.question():
        state, why = BulkRow.State.BAD, f"{question} Do it on its own page."
    elif why := verb.objection(row):
        state = BulkRow.State.DENIED
    elif why := verb.already(row):
        state = BulkRow.State.LEFT_OUT
    else:
        params = plain(form.cleaned_data)
        stood = plain(verb.initial(row))
        carried = sorted(name for name in params if not own.get(name, "").strip() and params[name] == stood.get(name))
    name = str(account or row.account_id)
    told: dict[str, Any] = {"position": number, "state": state, "why": why}
    return Wanted(row.account_id, name, object_id, params, carried=carried, **told)


def _problems(form: Any) -> Iterable[str]:
    for name, words in form.errors.items():
        said = " ".join(map(str, words))
        yield said if name == NON_FIELD_ERRORS else f"{name}: {said}"
