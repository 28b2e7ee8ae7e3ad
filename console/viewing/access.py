"""What a page of one account asks before it is drawn: a work session, and an object that is the account's."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from console.people.signed_in import View, needs, staff
from console.record import audit
from console.viewing.models import WorkSession
from console.viewing.reopening import reopened
from console.viewing.sessions import current, note_access

Row = TypeVar("Row", bound=Model)
OTHER_ACCOUNT = "This form was drawn for another account. Nothing was changed."


def view_as(view: View, first: Callable[..., object] | None = None) -> View:
    """A page below `/<account>/`: `view(request, account_id, …)` with an open work session for that very account.

    Without one a GET asks for the reason and then comes back; a POST is refused, with what was typed, until the session
    is open again. A POST carries `for_account`, the account its page was drawn for; another one in the address refuses
    it. Every page opened is recorded.
    `first`, given what the view is given, raises where nobody need be asked for a reason.
    """

    @needs("console.view_as")
    @wraps(view)
    def guarded(request: HttpRequest, account_id: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if first:
            first(request, account_id, *args, **kwargs)
        session, posted = current(request), request.method not in ("GET", "HEAD")
        inside = session if session and session.account_id == account_id else None
        if posted and not drawn_for(request, account_id):
            if inside:
                note_access(inside, request, "refused")
            raise PermissionDenied(OTHER_ACCOUNT)
        if inside and note_access(inside, request):
            return view(request, account_id, *args, **kwargs)
        if not posted:
            return _ask_reason(request, account_id)
        if answer := reopened(request, account_id):
            return answer
        note_access(cast("WorkSession", current(request)), request)
        return view(request, account_id, *args, **kwargs)

    return guarded


def drawn_for(request: HttpRequest, account_id: str) -> bool:
    """Whether a posted form was drawn for the account in its address."""
    return request.POST.get("for_account") == account_id


def get_object(request: HttpRequest, rows: QuerySet[Row], account_id: str, object_id: str) -> Row:
    """The one of `rows` with this id that belongs to this account, else Http404. One query.

    One that belongs to another account leaves a line in the audit trail as well: somebody changed an address.
    """
    name = rows.model._meta.verbose_name
    row = rows.filter(pk=object_id).first()
    if row is None:
        raise Http404(f"No {name} {object_id} here.")
    owner = str(getattr(row, "account_id", ""))
    if owner == account_id:
        return row
    with transaction.atomic():
        audit.record(
            "access.refused",
            user=staff(request),
            account_id=account_id,
            subject=object_id,
            detail={"belongs_to": owner},
        )
    raise Http404(f"No {name} {object_id} here.")


def safe_next(path: str, account_id: str) -> str:
    """`path` where it is a page of this account on this console, else "". Query and fragment may follow."""
    plain = path.split("?")[0].split("#")[0]
    inside = plain.startswith((f"/{account_id}/", f"/connect/accounts/{account_id}/"))
    if not inside and plain != f"/connect/accounts/{account_id}":
        return ""
    odd = "\\" in path or "//" in plain or ".." in plain or "%" in plain or not path.isprintable()
    return path if not odd and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""


def _ask_reason(request: HttpRequest, account_id: str) -> HttpResponse:
    query = urlencode({"next": request.get_full_path()})
    return redirect(f"{reverse('view_as_start', args=[account_id])}?{query}")
