"""A form that was sent without a work session: it ended meanwhile, and is opened again with all that was typed."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from console.people.signed_in import staff
from console.shell import formats, nouns, typed_again
from console.shell.drawing import page
from console.viewing import sessions
from console.viewing.forms import WorkSessionForm
from console.viewing.models import WorkSession

PREFIX = "session"  # of the session's own fields, beside those of the form that was sent
WHY = {
    WorkSession.End.CLICK: "You ended it.",
    WorkSession.End.IDLE: "It ended because no page of the account was opened for {idle}.",
    WorkSession.End.LIFE: "It ended after {life}.",
    WorkSession.End.SIGN_OUT: "It ended with the sign-in that it belonged to.",
    WorkSession.End.REPLACED: "It ended when you opened an account anew.",
}
ELSEWHERE = "It is open in another browser, or since before you last signed in. Opening it here ends it there."
NEVER = "You have not opened this account yet."


def reopened(request: HttpRequest, account_id: str) -> HttpResponse | None:
    """None where the POST asked for the session again, with a reason, and has it now.

    Else the page that asks (403; 422 for a poor reason): why there is none, and all that was typed, carried along.
    """
    name = nouns.account_label(account_id)
    if name is None:
        raise Http404(f"No account {account_id} here.")
    earlier = staff(request).work_sessions.filter(account_id=account_id).first()
    asked = request.POST.get("session") == "open"
    form = WorkSessionForm(request.POST if asked else None, prefix=PREFIX, initial=_initial(earlier))
    if asked and form.is_valid():
        sessions.start(request, account_id=account_id, **form.cleaned_data)
        return None
    entries = [each for each in typed_again.entries(request) if each.name.partition("-")[0] != PREFIX]
    context = {
        "title": "Your work session has ended" if earlier else "This needs a work session",
        "account": {"id": account_id, "name": name},
        "form": form,
        "why": why(earlier),
        "carried": [each for each in entries if not each.secret],
        "typed": [each for each in entries if not each.hidden],
        "other": sessions.current(request),
    }
    return page(request, "console/viewing/ended.html", context, status=422 if form.is_bound else 403)


def why(earlier: WorkSession | None) -> str:
    """Why this person has no session for the account in this sign-in, given their last one for it."""
    if earlier is None:
        return NEVER
    end = earlier.end or sessions.limit_passed(earlier, timezone.now())
    idle, life = formats.span(settings.WORK_SESSION_IDLE), formats.span(settings.WORK_SESSION_LIFE)
    return WHY[WorkSession.End(end)].format(idle=idle, life=life) if end else ELSEWHERE


def _initial(earlier: WorkSession | None) -> dict[str, Any]:
    return {name: getattr(earlier, name) for name in ("category", "reason", "ticket")} if earlier else {}
