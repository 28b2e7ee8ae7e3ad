"""Taking a list out of the console as a file: who may, at once or as a job, and what the audit trail keeps of it."""

import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from console.jobs import files
from console.jobs.kinds import JobFailed, Kind, Result
from console.jobs.models import Job
from console.jobs.progress import Progress
from console.lists import exports_rows
from console.lists.exports_button import EXPORTS, asked
from console.lists.exports_files import MOST_IN_SHEET, TYPES, WORDS, XLSX, Workbook, csv_head, csv_lines
from console.lists.exports_rows import NoPlace, Shown
from console.people import roles
from console.people.models import User
from console.people.signed_in import PERSONAL
from console.record import audit
from console.shell import nouns
from console.viewing import sessions
from gateway import texts

KIND = "export"  # of jobs
ASKED = ("list", "format", "query", "account")
COUNTED = 10**9
CHANGED = "What you may see has changed since this export was begun. Export the list again."
TOO_LONG = f"A sheet holds {MOST_IN_SHEET:,} rows. Narrow the list down, or export it as CSV."


def choose(user: User, name: str, form: str, query: str, account_id: str = "") -> Shown:
    """The list to export, as this person sees it. Raises PermissionDenied, BadRequest, Http404."""
    if not user.has_perm(EXPORTS):
        raise PermissionDenied(roles.lacking(EXPORTS))
    if form not in TYPES:
        raise BadRequest("Export as CSV or XLSX.")
    return exports_rows.of(user, name, query, account_id)


def file_name(shown: Shown, form: str) -> str:
    """Which list, of which account, in which mode, when: cards_acct_1Abc_sandbox_20261126T074500Z.csv."""
    title = "_".join(shown.title.lower().split())
    parts = (title, shown.account_id, settings.CONSOLE_MODE, f"{timezone.now():%Y%m%dT%H%M%SZ}")
    return f"{'_'.join(filter(None, parts))}.{form}"


def told(shown: Shown, form: str, query: str, rows: int) -> dict[str, Any]:
    """What the audit row of an export says."""
    seen = "unmasked" if shown.may_see else "masked"
    narrowed = asked(query).urlencode()
    return {"list": shown.name, "filter": narrowed, "format": form, "rows": rows, "personal_data": seen}


def record(user: User, shown: Shown, form: str, query: str, rows: int, action: str = "export.made") -> None:
    """Write that this person exported so many rows, or began to, or broke off. In a transaction of its own."""
    name = nouns.account_label(shown.account_id) or "" if shown.account_id else ""
    detail = told(shown, form, query, rows)
    with transaction.atomic():
        audit.record(
            action, user=user, account_id=shown.account_id, account_name=name, subject=shown.name, detail=detail
        )


def csv_parts(shown: Shown, most: int = COUNTED, told: Callable[[int], object] = int) -> Iterator[bytes]:
    """The file of a list, a part at a time, of `most` rows: what came since it was counted is left out.

    `told` hears how many rows each part had, once it was taken.
    """
    yield csv_head(shown.titles)
    for rows, _ in shown.parts():
        yield csv_lines(rows[:most])
        told(len(rows[:most]))
        most -= len(rows)
        if most <= 0:
            return


def write_book(file: BinaryIO, shown: Shown, most: int = COUNTED, progress: Progress | None = None) -> int:
    """The list as a workbook in this file; how many rows. Raises JobFailed where a sheet does not hold them."""
    with files.scratch() as folder:
        book = Workbook(file, shown.titles, shown.title, folder)
        for rows, _ in shown.parts():
            for row in rows[: most - book.rows]:
                book.write(row)
            if book.rows > MOST_IN_SHEET:
                raise JobFailed(TOO_LONG)
            if progress:
                progress.beat(book.rows)
            if book.rows >= most:
                break
        book.close()
    return book.rows


class ExportList(Kind):
    """A list of any length as a file. CSV goes on from its last part after a crash; XLSX is begun again."""

    label = "Export of a list"
    permission = EXPORTS
    recorded_as = "export.made"

    def params(self, user: User, given: dict[str, Any]) -> dict[str, Any]:
        """list, format, query (of the list's address), account ("" for all), and whether personal data is shown."""
        wanted = {name: str(given.get(name, "")) for name in ASKED}
        try:
            choose(user, wanted["list"], wanted["format"], wanted["query"], wanted["account"])
        except (BadRequest, PermissionDenied, Http404) as refused:
            raise JobFailed(str(refused)) from refused
        return {**wanted, "personal": user.has_perm(PERSONAL)}

    def reads(self, params: dict[str, Any]) -> bool:
        """Whether all was asked that is asked now, of a list that there is."""
        return params.keys() >= {*ASKED, "personal"} and params["list"] in exports_rows.lists()

    def title(self, params: dict[str, Any]) -> str:
        """The list and the format."""
        its: Any = exports_rows.lists()[params["list"]]
        return f"{its.exported_title()}, {WORDS[params['format']]}"

    def shown(self, params: dict[str, Any]) -> dict[str, Any]:
        """The list in words, and what it is narrowed by."""
        its: Any = exports_rows.lists().get(params.get("list", ""))
        query = params.get("query", "")
        return {
            "list": its.exported_title() if its else params.get("list", ""),
            "format": WORDS.get(params.get("format", ""), ""),
            "narrowed by": ", ".join(f"{_narrowing(name)}: {value}" for name, value in asked(query).items()),
            "personal data": "shown" if params.get("personal") else "masked",
        }

    def account_of(self, params: dict[str, Any]) -> str:
        """The account whose list it is."""
        return str(params["account"])

    def resume_refusal(self, user: User, job: Job) -> str:
        """As the list's own page: whether they may see it, and for one account a work session that is open."""
        session, account_id = sessions.open_of(user), job.params["account"]
        if why := self.refusal(user, job):
            return why
        if not account_id or (session and session.account_id == account_id):
            return ""
        return f"It is a list of {texts.label(job.account_name, account_id)}: view as that account, then let it go on."

    def refusal(self, user: User, job: Job) -> str:
        """Whether they may still see the list, and as much of it."""
        lacking = [
            name
            for name in (EXPORTS, *exports_rows.needed(job.params["list"], job.params["account"]))
            if not user.has_perm(name)
        ]
        if lacking:
            return roles.lacking(*lacking)
        return CHANGED if job.params["personal"] and not user.has_perm(PERSONAL) else ""

    def run(self, job: Job, progress: Progress) -> Result:
        """Count, then write part after part."""
        params = job.params
        if params["personal"] != job.user.has_perm(PERSONAL):
            raise JobFailed(CHANGED)
        try:
            shown = choose(job.user, params["list"], params["format"], params["query"], params["account"])
        except (BadRequest, PermissionDenied, Http404) as refused:
            raise JobFailed(str(refused)) from refused
        if job.total is None:
            progress.counted(shown.count(COUNTED))
        with files.writing(job.pk) as file:
            try:
                rows = (_book if params["format"] == XLSX else _csv)(file, shown, job, progress)
            except NoPlace as problem:
                raise JobFailed(f"{problem} Narrow the list down.") from problem
        said = told(shown, params["format"], params["query"], rows)
        return Result({"rows": rows}, file_name(shown, params["format"]), said)


def _narrowing(name: str) -> str:
    """What a filter of a list's address is called where people read it."""
    return "search" if name == SEARCH_VAR else name.removesuffix("__exact")


def _book(file: BinaryIO, shown: Shown, job: Job, progress: Progress) -> int:
    if (job.total or 0) > MOST_IN_SHEET:
        raise JobFailed(TOO_LONG)
    file.seek(0)
    file.truncate()
    job.done = write_book(file, shown, progress=progress)
    return job.done


def _csv(file: BinaryIO, shown: Shown, job: Job, progress: Progress) -> int:
    """From the last part that was kept on: what was written behind it is cut off."""
    after, size, done = job.kept.get("after", ""), job.kept.get("bytes", 0), job.done
    if not size or file.seek(0, 2) < size:  # nothing was kept, or its file was lost
        after, size, done = "", 0, 0
    file.truncate(size)
    file.seek(size)
    if not size:
        file.write(csv_head(shown.titles))
    elif not after:
        return done
    for rows, cursor in shown.parts(after):
        file.write(csv_lines(rows))
        file.flush()
        os.fsync(file.fileno())  # what a step tells of is on the disk
        done += len(rows)
        progress.step(done, after=cursor, bytes=file.tell())
    return done
