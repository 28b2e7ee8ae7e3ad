"""Write a list into a file: by the same door, with the same columns and masks as its Export button."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, PermissionDenied
from django.core.management.base import CommandError, CommandParser
from django.http import Http404

from console.jobs.kinds import JobFailed
from console.lists import exports, exports_rows
from console.lists.exports_files import CSV, TYPES
from console.lists.exports_rows import NoPlace, Shown
from console.management.commands.job import pairs
from console.operations.commands import BAD_INPUT, REFUSED, StaffCommand


class Command(StaffCommand):
    """Writes the whole list at once, however long it is; prints how many rows. A file that is there stays as it is."""

    help = "Write a list into a file, as its Export button does."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which list, narrowed how, where to."""
        parser.add_argument("list", help="What its rows are called, as in its address.")
        parser.add_argument("--format", choices=list(TYPES), default=CSV)
        parser.add_argument("--out", required=True, metavar="FILE", help="A new file.")
        parser.add_argument(
            "--filter",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="As in its address; q=… searches.",
        )
        super().add_arguments(parser)

    def work(self, options: dict[str, Any]) -> None:
        """Write it, and note it in the audit trail before it has its name."""
        user, form, query = self.person(options), options["format"], urlencode(pairs(options["filter"]))
        try:
            shown = exports.choose(user, _name(options["list"]), form, query)
        except PermissionDenied as refused:
            raise CommandError(str(refused), returncode=REFUSED) from None
        except (BadRequest, Http404) as wrong:
            raise CommandError(str(wrong), returncode=BAD_INPUT) from None
        try:
            with _new(Path(options["out"])) as file:
                rows = write(file, shown, form)
                exports.record(user, shown, form, query, rows)
        except FileExistsError:
            words = f"{options['out']} exists. An export never writes over anything: name a new file."
            raise CommandError(words, returncode=BAD_INPUT) from None
        except (OSError, JobFailed, NoPlace) as problem:
            raise CommandError(f"Nothing was exported: {problem}", returncode=REFUSED) from None
        self.stdout.write(f"{options['out']} {rows} rows")


def write(file: BinaryIO, shown: Shown, form: str) -> int:
    """The whole list; how many rows."""
    if form != CSV:
        return exports.write_book(file, shown)
    return sum(file.write(each) and each.count(b"\r\n") for each in exports.csv_parts(shown)) - 1


def _name(given: str) -> str:
    """The name of a list by that name, or by what its rows are called."""
    called = {str(its.opts.verbose_name_plural).replace(" ", "_"): name for name, its in exports_rows.lists().items()}
    return called.get(given, given)


@contextmanager
def _new(path: Path) -> Iterator[BinaryIO]:
    """A new file that no other user of the machine reads; it gets its name when it is whole.

    Raises FileExistsError where something has that name, OSError where nothing can be written there.
    """
    if os.path.lexists(path):
        raise FileExistsError(path)
    with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.") as file:
        yield file  # type: ignore[misc]
        file.flush()
        os.fsync(file.fileno())
        os.link(file.name, path)
