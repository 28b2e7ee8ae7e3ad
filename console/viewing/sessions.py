"""Work sessions: staff open what belongs to an account with a reason, look first, and leave a trail."""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from console.people.models import User
from console.people.signed_in import staff
from console.record import audit, seals
from console.shell import nouns
from console.viewing.models import AccessEntry, WorkSession

PREVIEW = "preview"  # in a POST that sends nothing: its form is drawn again with what would be sent
SIGNED_OUT = "Your sign-in was ended meanwhile. Nothing was changed."


def open_of(user: User) -> WorkSession | None:
    """The person's open work session, whichever browser it was started in: there is one at most. One query."""
    return WorkSession.objects.open().filter(user=user).first()


def of_person(request: HttpRequest) -> WorkSession | None:
    """The same for who asks. One query a request."""
    if not hasattr(request, "open_work_session"):
        request.open_work_session = open_of(staff(request)) if request.user.is_authenticated else None  # type: ignore[attr-defined]
    return request.open_work_session  # type: ignore[attr-defined]


def current(request: HttpRequest) -> WorkSession | None:
    """The open work session where it belongs to this very sign-in, whichever account it is for. One query a request."""
    session = of_person(request)
    return session if session and session.session_key == _sign_in_digest(request) else None


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
            account_name=(nouns.account_label(account_id) or "")[:255],
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
    either before the seal or not at all. A form that is drawn again as somebody types is one page.
    """
    now = timezone.now()
    with transaction.atomic():
        if not WorkSession.objects.filter(pk=session.pk, ended_at=None).update(last_seen_at=now):
            return False
        session.last_seen_at = now
        entries = AccessEntry.objects.filter(work_session=session, path=request.path[:1024], kind=kind)
        if PREVIEW in request.POST and entries.exists():
            return True
        AccessEntry.objects.create(
            work_session=session,
            user_id=session.user_id,
            account_id=session.account_id,
            path=request.path[:1024],
            kind=kind,
        )
    return True


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
