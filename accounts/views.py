"""The pages of one account, at Stripe's Dashboard's own addresses."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import links, pages, timeline, verbs
from accounts.pages import TABS, get_account, get_page
from console import addresses, operations
from console.models import Operation
from console.operations import Denied
from console.sessions import current, needs, staff, view_as
from console.site import page
from console.verb_forms import TOKEN, fresh_token

PARTS = ("badges", "actions", "facts", "timeline")
READ_AGAIN = {
    "page": "Read again from the account’s page",
    "return": "The holder came back from Stripe’s form",
}


@require_safe
@needs("accounts.view_account")
def account_list(request: HttpRequest) -> HttpResponseRedirect:
    """The Dashboard's address of the list."""
    return redirect(
        f"{reverse('admin:accounts_account_changelist')}?{request.META.get('QUERY_STRING', '')}".rstrip("?")
    )


@require_safe
@needs("accounts.view_account")
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account as the platform sees it; `?tab=` one of TABS, `?before=` a moment in the timeline."""
    tab = request.GET.get("tab", "overview")
    context = pages.context(
        request,
        get_page(request, account_id),
        tab if tab in TABS else "overview",
        addresses.moment(request.GET.get("before", "")),
    )
    return page(request, "accounts/account.html", context)


@require_safe
@needs("accounts.view_account")
def live(request: HttpRequest, account_id: str) -> HttpResponse:
    """What changes by itself: `?part=` one of PARTS (default: badges), with the version it was drawn from."""
    account_page = get_page(request, account_id)
    part = request.GET.get("part", "")
    part = part if part in PARTS else "badges"
    context = {
        "page": account_page,
        "account": account_page.account,
        "timeline": account_page.timeline if part == "timeline" else None,
        **pages.may(request, account_page.account),
    }
    return render(request, f"accounts/live_{part}.html", context)


@require_POST
@needs("accounts.refresh_account")
def refresh(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """Read the account again at Stripe, without a form: it changes nothing there."""
    row = get_account(request, account_id)
    session, token = current(request), request.POST.get("form_token", "")
    try:
        performed = operations.perform(
            verbs.refresh,
            user=staff(request),
            params={},
            reason=READ_AGAIN.get(request.POST.get("from", ""), READ_AGAIN["page"]),
            form_token=token if TOKEN.fullmatch(token) else fresh_token(),
            account_id=row.pk,
            account_name=str(row),
            work_session=session if session and session.account_id == row.pk else None,
        )
    except Denied as denied:
        messages.error(request, str(denied))
        return redirect("account", account_id=row.pk)
    return _after(request, performed.operation)


def _after(request: HttpRequest, operation: Operation) -> HttpResponseBase:
    if operation.state != Operation.State.SUCCEEDED:
        return redirect("operation", operation_id=operation.pk)
    messages.success(request, verbs.refresh.done(operation) if verbs.refresh.done else "")
    return redirect("account", account_id=operation.account_id)


@require_safe
@needs("accounts.view_account")
def return_from_stripe(request: HttpRequest, account_id: str) -> HttpResponse:
    """Where Stripe's form sends the holder: it proves nothing, not even that anything was filled in.

    A GET writes nothing, so nothing is read again by itself: the event turns the badges, and a button reads again.
    """
    account_page = get_page(request, account_id)
    context = {**pages.context(request, account_page, "overview"), "title": "Back from Stripe"}
    return page(request, "accounts/return.html", context)


@require_safe
@needs("accounts.view_account")
def refresh_link(request: HttpRequest, account_id: str) -> HttpResponse:
    """Where Stripe sends whoever opens a link that was used or ran out. Staff make a new one, by POST."""
    account_page = get_page(request, account_id)
    context = {
        **pages.context(request, account_page, "overview"),
        "links": links.made(account_id),
        "title": "Link used up",
    }
    return page(request, "accounts/link_used.html", context)


@require_safe
@view_as
def activity(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's timeline, viewed as it."""
    account_page = get_page(request, account_id)
    before = addresses.moment(request.GET.get("before", ""))
    context = {
        "title": "Activity",
        "page": account_page,
        "account": account_page.account,
        "timeline": timeline.read(account_id, account_page.names, account_page.mask, before=before),
    }
    return page(request, "accounts/activity.html", context)
