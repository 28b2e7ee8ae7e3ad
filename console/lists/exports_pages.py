"""The answer to the Export button: the file where it is short, the page of a job where it is long."""

import tempfile
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.jobs import files, jobs
from console.jobs.kinds import JobFailed
from console.lists import exports
from console.lists.exports_button import EXPORTS
from console.lists.exports_files import CSV, TYPES
from console.lists.exports_rows import NoPlace, Shown
from console.operations.pages import SeeOther
from console.people.models import User
from console.people.signed_in import needs, staff
from console.viewing.access import view_as


@require_POST
@needs(EXPORTS)
def export_list(request: HttpRequest, list_name: str) -> HttpResponseBase:
    """A list over all accounts. POST `format` (csv, xlsx) and `query`, that of the list's own address."""
    return _answer(request, list_name)


@require_POST
@view_as
def export_account_list(request: HttpRequest, account_id: str, list_name: str) -> HttpResponseBase:
    """The list of one account, viewed as it. POST the same, and `for_account`."""
    return _answer(request, list_name, account_id)


def _answer(request: HttpRequest, name: str, account_id: str = "") -> HttpResponseBase:
    user, form, query = staff(request), request.POST.get("format", ""), request.POST.get("query", "")
    shown = exports.choose(user, name, form, query, account_id)
    rows = shown.count(settings.EXPORT_STREAM_ROWS + 1)
    try:
        if rows > settings.EXPORT_STREAM_ROWS:
            params: dict[str, Any] = {"list": name, "account": account_id, "query": query, "format": form}
            job = jobs.begin(exports.KIND, user=user, params=params)
            return SeeOther(reverse("job", args=[job.pk]))
        response = _file(user, shown, form, query, rows)
    except (JobFailed, NoPlace) as refused:
        raise BadRequest(str(refused)) from refused
    response.headers["Content-Disposition"] = f'attachment; filename="{exports.file_name(shown, form)}"'
    return response


class Recorded:
    """The parts of a CSV file as they are sent. The audit trail says that it was begun, and at the end how it ended:
    so many rows, or broken off behind so many.
    """

    def __init__(self, user: User, shown: Shown, query: str, rows: int) -> None:
        self.user, self.shown, self.query, self.rows, self.ended = user, shown, query, 0, False
        self.parts = exports.csv_parts(shown, rows, self._sent)
        exports.record(user, shown, CSV, query, rows, "export.begun")

    def _sent(self, rows: int) -> None:
        self.rows += rows

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next part; what ends it early is recorded and passed on."""
        try:
            return next(self.parts)
        except StopIteration:
            self._end("export.made")
            raise
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """For the server, when the answer is over: it was broken off unless all of it was taken."""
        self._end("export.broken_off")

    def _end(self, action: str) -> None:
        if not self.ended:
            self.ended = True
            exports.record(self.user, self.shown, CSV, self.query, self.rows, action)


def _file(user: User, shown: Shown, form: str, query: str, rows: int) -> HttpResponseBase:
    """The file itself, with at most as many rows as were counted, and its record."""
    if form == CSV:
        return StreamingHttpResponse(Recorded(user, shown, query, rows), content_type=TYPES[form])
    file = tempfile.TemporaryFile(dir=files.folder())  # noqa: SIM115  (closed with the response)
    exports.write_book(file, shown, rows)
    file.seek(0)
    exports.record(user, shown, form, query, rows)
    return FileResponse(file, content_type=TYPES[form])
