"""The pages of one audit row, one work session, and one page that was opened in it."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from console.lists.listing import counts, shown_count
from console.operations import verbs
from console.operations.models import Operation
from console.people import masking
from console.people.signed_in import PERSONAL, may_see, staff
from console.record import audit, erasing, seals, words
from console.record.models import AuditEntry
from console.record.stream import Line, Source, Stream, read
from console.shell import leading
from console.shell.drawing import page
from console.viewing.models import AccessEntry, WorkSession

LINES = 100
SHOWN = {"": "All", "acts": "Acts", "pages": "Pages"}
IN_SESSION = ("operation.denied", "access.refused")  # audit rows of acts that left no operation
TURNS = {"session.started": "Began", "session.mode_changed": "Switched", seals.SEALED: "Ended, and sealed"}
MARKS = {"succeeded": ("pen", "ok"), "refused": ("crossed", "bad"), "dropped": ("dash", "mute")}
OPENED = {"page": ("eye", "mute"), "link_out": ("out", "info"), "refused": ("crossed", "bad")}


def audit_page(request: HttpRequest, row: AuditEntry) -> HttpResponse:
    """One row of the trail, and whether it is as it was written. At most seven queries beside the frame's."""
    sound = audit.sound(row)
    said = _mask_of(row, may_see=may_see(request)).data({name: getattr(row, name) for name in ("detail", *SAID)})
    did = words.action(row.action, words.verb_of(row))
    beside = AuditEntry.objects.filter(number__in=(row.number - 1, row.number + 1))
    neighbours = dict(beside.values_list("number", "pk"))
    context = {
        "title": f"Audit {row.number} · {did}",
        "entry": row,
        "account": _account(row),
        "did": did,
        "said": said,
        "sound": sound,
        "subject_url": leading.page_of(request, row.subject) if "_" in row.subject else "",
        **erasing.told(row),
        "gone": GONE,
        "erases": erasing.ways(request, row),
        "session_id": row.subject if row.action.startswith("session.") and row.subject.isdecimal() else "",
        "earlier": neighbours.get(row.number - 1),
        "later": neighbours.get(row.number + 1),
    }
    return page(request, "console/record/audit.html", context)


def _account(row: AuditEntry | WorkSession) -> dict[str, str] | None:
    """Whom it is about, by the name as it then was."""
    return {"id": row.account_id, "name": row.account_name} if row.account_id else None


GONE = SafeString('<span class="quiet">Erased</span>')
SAID = ("reason", "ticket")  # what staff wrote


def _mask_of(row: AuditEntry, *, may_see: bool) -> masking.Mask:
    operation = None if may_see else row.operation
    if operation is None:
        return masking.Mask(may_see)
    return masking.of_operation(operation, verbs.find(operation.verb), may_see=may_see)


def session_page(request: HttpRequest, session: WorkSession) -> HttpResponse:
    """A work session with its pages and acts in order. At most eight queries beside the frame's."""
    show = request.GET.get("show", "")
    opened, acts = session.accesses.all(), session.operations.all()
    counted = [shown_count(each) for each in counts(opened, acts)]
    seal = AuditEntry.objects.filter(action=seals.SEALED, subject=str(session.pk)).first()
    mask = masking.Mask(may_see(request))
    context = {
        "title": f"Work session {session.pk} · {session.user.get_username()} as {session.account_name}",
        "session": session,
        "account": _account(session),
        "said": mask.data({name: getattr(session, name) for name in SAID}),
        "lasted": (session.ended_at or timezone.now()) - session.started_at,
        "stream": _stream(request, session, show),
        "show": show if show in SHOWN else "",
        "tabs": [
            {"label": word, "url": f"?show={name}" if name else "?", "current": name == show, "count": number}
            for (name, word), number in zip(SHOWN.items(), ("", *reversed(counted)), strict=True)
        ],
        "opened": counted[0],
        "acts": counted[1],
        "seal": seal if staff(request).has_perm("console.view_auditentry") else None,
        "is_open": session.ended_at is None,
    }
    return page(request, "console/record/session.html", context)


def _stream(request: HttpRequest, session: WorkSession, show: str) -> Stream:
    """What was done, as far as this person may read each kind. A query a kind."""
    user, may_view = staff(request), staff(request).has_perm("console.view_as")
    kinds = {
        "console.view_auditentry": Source(_turns(session), "at", _turn),
        "console.view_accessentry": Source(session.accesses.all(), "at", lambda row: _opening(row, link=may_view)),
        "console.view_operation": Source(session.operations.all(), "created_at", _act),
    }
    left_out = {"acts": "console.view_accessentry", "pages": "console.view_operation"}.get(show)
    sources = [source for name, source in kinds.items() if name != left_out and user.has_perm(name)]
    return read(sources, request.GET, LINES)


def _turns(session: WorkSession) -> QuerySet:
    """The trail's rows of a session: its beginning, its modes, its end, and what was refused meanwhile."""
    own = Q(subject=str(session.pk), action__startswith="session.")
    meanwhile = Q(user=session.user_id, account_id=session.account_id, action__in=IN_SESSION)
    meanwhile &= Q(at__gte=session.started_at)
    if session.ended_at:
        meanwhile &= Q(at__lte=session.ended_at + timedelta(seconds=1))
    return AuditEntry.objects.filter(own | meanwhile)


def _turn(row: AuditEntry) -> Line:
    detail = row.detail if isinstance(row.detail, dict) else {}
    mode = str(detail.get("to") or detail.get("mode") or "") if row.action != seals.SEALED else ""
    url = reverse("admin:console_auditentry_change", args=[row.pk])
    if row.action in IN_SESSION:
        why = str(detail.get("why") or "")
        said = words.action(row.action, detail.get("verb"))
        return Line(row.at, "crossed", said, "bad", url, notes=(masking.masked(why, may_see=False),) if why else ())
    return Line(row.at, "key", TURNS.get(row.action, words.action(row.action)), "info", url, mode=mode)


def _opening(row: AccessEntry, *, link: bool) -> Line:
    icon, tone = OPENED.get(row.kind, OPENED["page"])
    url = row.path if link and row.kind == "page" and not row.path.startswith("/connect/") else ""
    did, found = words.opened(row.path, row.kind), words.object_in(row.path)
    notes = () if found or row.path.startswith("/connect/") else (row.path.removeprefix(f"/{row.account_id}"),)
    return Line(row.at, icon, did, tone, url, notes=notes, ids=(found,) if found else ())


def _act(row: Operation) -> Line:
    icon, tone = MARKS.get(row.state, ("ring", "warn"))
    notes = tuple(filter(None, (row.error_code, row.error_param if not row.sensitive else "")))
    ids = tuple(filter(None, (row.object_id, row.request_id)))
    url = reverse("operation", args=[row.pk])
    return Line(row.created_at, icon, words.label(row.verb), tone, url, row.state, notes=notes, ids=ids)


def access_page(request: HttpRequest, entry: AccessEntry) -> HttpResponse:
    """One page that was opened, and the session in which it was."""
    session, own = entry.work_session, words.object_in(entry.path)
    may_read = staff(request).has_perm("console.view_worksession")
    context = {
        "title": f"Access {entry.pk} · {words.opened(entry.path, entry.kind)}",
        "entry": entry,
        "account": _account(session),
        "did": words.opened(entry.path, entry.kind),
        "session": session,
        "said": masking.Mask(staff(request).has_perm(PERSONAL)).data({name: getattr(session, name) for name in SAID}),
        "object_id": own,
        "object_url": leading.page_of(request, own),
        "session_url": reverse("admin:console_worksession_change", args=[session.pk]) if may_read else "",
    }
    return page(request, "console/record/access.html", context)
