"""The answer to the Export button: the file where it is short, the page of a job where it is long."""

import tempfile
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
        response = _file(shown, form, rows)
    except (JobFailed, NoPlace) as refused:
        raise BadRequest(str(refused)) from refused
    exports.record(user, shown, form, query, rows)
    response.headers["Content-Disposition"] = f'attachment; filename="{exports.file_name(shown, form)}"'
    return response


def _file(shown: Shown, form: str, rows: int) -> HttpResponseBase:
    """The file itself, with at most as many rows as were counted."""
    if form == CSV:
        return StreamingHttpResponse(exports.csv_parts(shown, rows), content_type=TYPES[form])
    file = tempfile.TemporaryFile(dir=files.folder())  # noqa: SIM115  (closed with the response)
    exports.write_book(file, shown, rows)
    file.seek(0)
    return FileResponse(file, content_type=TYPES[form])
