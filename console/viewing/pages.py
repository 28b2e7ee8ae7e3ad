"""Opening, switching and ending a work session, and the way out to Stripe's Dashboard."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from console.lists import addresses
from console.people import signed_in
from console.shell import links, nouns, typed_again
from console.shell.drawing import form_status, page
from console.viewing import access, held, sessions
from console.viewing.forms import WorkSessionForm
from console.viewing.models import WorkSession

LAST_REASONS = 5


@signed_in.needs("console.view_as")
@typed_again.kept
def start(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """The reason form; then on to the page asked for. With a session open for this account it goes there at once."""
    name = nouns.account_label(account_id)
    if name is None:
        raise Http404(f"No account {account_id} here.")
    target = access.safe_next(request.POST.get("next") or request.GET.get("next", ""), account_id)
    session = sessions.current(request)
    if request.method == "GET" and session and session.account_id == account_id and "again" not in request.GET:
        return redirect(target or first_page(account_id))
    if request.method == "POST" and not access.drawn_for(request, account_id):
        raise PermissionDenied(access.OTHER_ACCOUNT)
    form = typed_again.filled(request, lambda data: WorkSessionForm(data, initial=_initial(request)))
    target = target or access.safe_next(form.data.get("next", ""), account_id)
    if request.method == "POST" and form.is_valid():
        sessions.start(request, account_id=account_id, **form.cleaned_data)
        return redirect(target or first_page(account_id))
    return page(
        request,
        "console/viewing/work_session.html",
        _form_context(request, form, account_id, name, target),
        status=form_status(request),
    )


@require_POST
@signed_in.needs("console.view_as")
def end(request: HttpRequest, account_id: str) -> HttpResponse:
    """End the session for this account; back to the account as the platform sees it."""
    session = sessions.current(request)
    if not access.drawn_for(request, account_id):
        raise PermissionDenied(access.OTHER_ACCOUNT)
    if session and session.account_id == account_id:
        sessions.end(session, WorkSession.End.CLICK)
        messages.success(request, f"You no longer view as {session.account_name or account_id}.")
    return redirect(f"/connect/accounts/{account_id}")


@require_POST
@access.view_as
def mode(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """Switch between look and work; work needs its own permission."""
    wanted = request.POST.get("mode", "")
    if wanted not in WorkSession.Mode.values:
        raise BadRequest("A work session looks or works.")
    held.switch(request, wanted)
    return redirect(access.safe_next(request.POST.get("next", ""), account_id) or first_page(account_id))


@require_safe
@signed_in.needs()
def out(request: HttpRequest, object_id: str) -> HttpResponseBase:
    """On to the platform's own view of an object in Stripe's Dashboard."""
    return _leave(request, links.dashboard_url(object_id), object_id)


@require_safe
@access.view_as
def account_out(request: HttpRequest, account_id: str, object_id: str) -> HttpResponseBase:
    """On to an account's object in Stripe's Dashboard, recorded as a link out."""
    session = sessions.current(request)
    url = links.dashboard_url(object_id, account_id)
    if session and url:
        sessions.note_access(session, request, "link_out")
    return _leave(request, url, object_id)


def first_page(account_id: str) -> str:
    """Where viewing as an account begins: its first tab, or the account's page where no room has one."""
    tabs = nouns.tabs()
    return f"/{account_id}/{tabs[0].path}" if tabs else f"/connect/accounts/{account_id}"


def _leave(request: HttpRequest, url: str, object_id: str) -> HttpResponseBase:
    if not url:
        raise Http404(f"Stripe's Dashboard has no page for {object_id}.")
    if settings.SANDBOX:  # the local sandbox's objects are not at Stripe: say so instead of leading into nowhere
        return page(
            request,
            "console/viewing/link_out.html",
            {"url": url, "object_id": object_id, "title": "Stripe's Dashboard"},
        )
    return redirect(url)


def _initial(request: HttpRequest) -> dict[str, Any]:
    """An earlier reason of this person's own, when `?again=` names one."""
    again = addresses.number(request.GET.get("again", ""))
    earlier = signed_in.staff(request).work_sessions.filter(pk=again).first() if again is not None else None
    return {"category": earlier.category, "reason": earlier.reason, "ticket": earlier.ticket} if earlier else {}


def _form_context(
    request: HttpRequest, form: WorkSessionForm, account_id: str, name: str, target: str
) -> dict[str, Any]:
    user = signed_in.staff(request)
    return {
        "title": f"View as {name}",
        "form": form,
        "account_id": account_id,
        "account_name": name,
        "next_path": target,
        "shown_path": target.removeprefix(f"/{account_id}"),
        "last_reasons": user.work_sessions.filter(account_id=account_id)[:LAST_REASONS],
        "may_work": user.has_perm("console.work_as"),
        "ends": sessions.of_person(request),
    }
