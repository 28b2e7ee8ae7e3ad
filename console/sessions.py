"""Work sessions: staff open what belongs to an account with a reason, look first, and leave a trail."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from console import audit, registry, seals
from console.models import AccessEntry, User, WorkSession

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)

PERSONAL = "accounts.view_pii"  # the permission to see personal data, and to search by it
SESSION_ENDED = "Your work session for this account has ended. Open the account again, with a reason, and repeat it."
SIGNED_OUT = "Your sign-in was ended meanwhile. Nothing was changed."
OTHER_ACCOUNT = "This form was drawn for another account. Nothing was changed."


def staff(request: HttpRequest) -> User:
    """The signed-in member of staff; every page is behind the sign-in."""
    return cast("User", request.user)


def current(request: HttpRequest) -> WorkSession | None:
    """The open work session of this sign-in, whichever account it is for. One query a request."""
    if not hasattr(request, "open_work_session"):
        request.open_work_session = (  # type: ignore[attr-defined]
            WorkSession.objects.open().filter(user=staff(request), session_key=_sign_in_digest(request)).first()
            if request.user.is_authenticated
            else None
        )
    return request.open_work_session  # type: ignore[attr-defined]


def start(request: HttpRequest, *, account_id: str, category: str, reason: str, ticket: str = "") -> WorkSession:
    """Open a session in look mode; the one that this person had open ends. The account must be one that we have."""
    user = staff(request)
    with transaction.atomic():
        # Two starts at once: one after the other. No key: other rows may name this person meanwhile.
        now = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if now.get_session_auth_hash() != user.get_session_auth_hash():
            raise PermissionDenied(SIGNED_OUT)
        for earlier in WorkSession.objects.filter(user=user, ended_at=None):
            end(earlier, WorkSession.End.REPLACED)
        session = WorkSession.objects.create(
            user=user,
            account_id=account_id,
            account_name=(registry.account_label(account_id) or "")[:255],
            session_key=_sign_in_digest(request),
            category=category,
            reason=reason,
            ticket=ticket,
        )
        _record("session.started", session, {"category": category, "mode": session.mode})
    request.open_work_session = session  # type: ignore[attr-defined]
    return session


def end(session: WorkSession, how: str) -> None:
    """End it, once: its limits count before `how`. One audit row seals how many pages it saw, and which."""
    now = timezone.now()
    how = limit_passed(session, now) or how
    with transaction.atomic():
        if not WorkSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=now, end=how):
            return
        session.ended_at, session.end = now, how
        _record(seals.SEALED, session, {"end": how, **seal(session)})


def limit_passed(session: WorkSession, now: datetime) -> str:
    """Which limit it has passed at wall time `now`: life, idle, or "" for neither."""
    if session.started_at <= now - settings.WORK_SESSION_LIFE:
        return WorkSession.End.LIFE
    if session.last_seen_at <= now - settings.WORK_SESSION_IDLE:
        return WorkSession.End.IDLE
    return ""


def end_all(user: User, how: str) -> None:
    """End whatever this person has open, as at sign-out or when they are disabled."""
    for session in WorkSession.objects.filter(user=user, ended_at=None):
        end(session, how)


def sweep() -> int:
    """End every session that has passed a limit; how many. The worker calls it."""
    now = timezone.now()
    passed = [session for session in WorkSession.objects.filter(ended_at=None) if limit_passed(session, now)]
    for session in passed:
        end(session, limit_passed(session, now))
    return len(passed)


def switch_mode(session: WorkSession, mode: str) -> None:
    """Look or work; the permission is the caller's to ask. A session that has ended keeps its mode."""
    before = session.mode
    with transaction.atomic():
        if before == mode or not WorkSession.objects.filter(pk=session.pk, ended_at=None).update(mode=mode):
            return
        session.mode = mode
        _record("session.mode_changed", session, {"from": before, "to": mode})


def seal(session: WorkSession) -> dict[str, Any]:
    """Count and SHA-256 of the session's access entries in order: what its end writes into the audit trail."""
    rows = AccessEntry.objects.filter(work_session=session).order_by("pk").values_list(*seals.ENTRY)
    with transaction.atomic():  # PostgreSQL's streaming cursor lives in one
        return seals.of_rows(rows.iterator(chunk_size=seals.CHUNK))


def note_access(session: WorkSession, request: HttpRequest, kind: str = "page") -> bool:
    """Record one page (or `link_out`, `refused`) and keep the session alive; False when it has ended meanwhile.

    The query string is left out: it may hold what somebody searched for. The row is locked first, so an entry stands
    either before the seal or not at all.
    """
    now = timezone.now()
    with transaction.atomic():
        if not WorkSession.objects.filter(pk=session.pk, ended_at=None).update(last_seen_at=now):
            return False
        session.last_seen_at = now
        AccessEntry.objects.create(
            work_session=session,
            user_id=session.user_id,
            account_id=session.account_id,
            path=request.path[:1024],
            kind=kind,
        )
    return True


def needs(*permissions: str) -> Callable[[View], View]:
    """A page for signed-in staff with every permission named (`app.codename`); else 403, saying which one lacks."""

    def decorate(view: View) -> View:
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            lacking = [name for name in permissions if not staff(request).has_perm(name)]
            if lacking:
                raise PermissionDenied(f"Your role does not have the permission {', '.join(lacking)}.")
            return view(request, *args, **kwargs)

        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return admin.site.admin_view(checked)(request, *args, **kwargs)

        return page

    return decorate


def view_as(view: View) -> View:
    """A page below `/<account>/`: `view(request, account_id, …)` with an open work session for that very account.

    Without one a GET asks for the reason and then comes back; a POST is refused. A POST carries `for_account`, the
    account its page was drawn for; another one in the address refuses it. Every page opened is recorded.
    """

    @needs("console.view_as")
    @wraps(view)
    def guarded(request: HttpRequest, account_id: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        session = current(request)
        posted = request.method not in ("GET", "HEAD")
        if session is None or session.account_id != account_id:
            return _refuse() if posted else _ask_reason(request, account_id)
        if posted and not drawn_for(request, account_id):
            note_access(session, request, "refused")
            raise PermissionDenied(OTHER_ACCOUNT)
        if not note_access(session, request):
            return _refuse() if posted else _ask_reason(request, account_id)
        return view(request, account_id, *args, **kwargs)

    return guarded


def drawn_for(request: HttpRequest, account_id: str) -> bool:
    """Whether a posted form was drawn for the account in its address."""
    return request.POST.get("for_account") == account_id


def get_object(request: HttpRequest, model: type[Row], account_id: str, object_id: str) -> Row:
    """The row with this id that belongs to this account, else Http404.

    One that belongs to another account leaves a line in the audit trail as well: somebody changed an address.
    """
    row = model._default_manager.filter(pk=object_id).first()
    if row is None:
        raise Http404(f"No {model._meta.verbose_name} {object_id} here.")
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
    raise Http404(f"No {model._meta.verbose_name} {object_id} here.")


def safe_next(path: str, account_id: str) -> str:
    """`path` where it is a page of this account on this console, else "". Query and fragment may follow."""
    plain = path.split("?")[0].split("#")[0]
    inside = plain.startswith((f"/{account_id}/", f"/connect/accounts/{account_id}/"))
    if not inside and plain != f"/connect/accounts/{account_id}":
        return ""
    odd = "\\" in path or "//" in plain or ".." in plain or "%" in plain or not path.isprintable()
    return path if not odd and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""


def _refuse() -> HttpResponse:
    raise PermissionDenied(SESSION_ENDED)


def _ask_reason(request: HttpRequest, account_id: str) -> HttpResponse:
    query = urlencode({"next": request.get_full_path()})
    return redirect(f"{reverse('view_as_start', args=[account_id])}?{query}")


def _record(action: str, session: WorkSession, detail: dict[str, Any]) -> None:
    audit.record(
        action,
        user=session.user,
        account_id=session.account_id,
        account_name=session.account_name,
        subject=str(session.pk),
        reason=session.reason,
        ticket=session.ticket,
        detail=detail,
    )


def _sign_in_digest(request: HttpRequest) -> str:
    return hashlib.sha256((request.session.session_key or "").encode()).hexdigest()
