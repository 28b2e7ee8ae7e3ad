"""Where an address leads that is none of ours: what Stripe's Dashboard has there, or another spelling of a page."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.common import no_append_slash
from django.views.decorators.http import require_safe

from console.operations import rights, verbs
from console.people.models import User
from console.people.signed_in import staff
from console.shell import nouns
from console.shell.links import canonical
from gateway.models import Binding

OTHER_FORM = "other_form"  # the name of to_page, which is no page itself
ACCOUNTS = (
    "connect",
    "connect/overview",
    "connect/accounts",
    "connect/accounts/overview",
)  # the Dashboard's names of one list
EVENTS = "events"
ACCOUNT = "/connect/accounts/"  # before the id of one
SHARED = (ACCOUNT, "/acct_")  # the beginnings of pages that the Dashboard has at the same address


def page_of(request: HttpRequest, object_id: str) -> str:
    """The page of an object for who reads this, "" where we have none or it is not theirs to open. One query."""
    found = nouns.jump(object_id) if object_id else ""
    return found if found and may_open(staff(request), found) else ""


def is_ours(path: str) -> bool:
    """Whether a page of ours answers there, be it with a 404 of its own."""
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return bool(match.url_name) and match.url_name != OTHER_FORM  # what catches all has no name


def page_for(path: str) -> str:
    """Our page for a path of Stripe's Dashboard, in any of its spellings; "" where there is none. Few queries.

    It is always a page of ours, so that nothing leads in circles; of the account that the path names, if it names one.
    What is below an account as the platform sees it and is no page of ours is on that account's page.
    """
    page = _without_platform(canonical(path))
    if page.startswith(SHARED) and is_ours(page):
        return page
    parts = page.strip("/").split("/")
    inside, below = parts[0].startswith("acct_"), page.startswith(f"{ACCOUNT}acct_")
    account = parts[0] if inside else parts[2] if below else ""
    found = _of_account(account, "/".join(parts[1:])) if inside else _of_platform(page.strip("/"))
    if not found and "_" in parts[-1] and parts[-1] != account:
        found = nouns.jump(parts[-1])
        found = "" if account and not _is_of(account, parts[-1], found) else found
    if not found and below:
        found = nouns.jump(account)
    return found if found and is_ours(found.partition("?")[0]) else ""


def _without_platform(page: str) -> str:
    """The path without the platform's own account, which the Dashboard writes before its own pages. One query."""
    first, _, rest = page.strip("/").partition("/")
    own = first.startswith("acct_") and Binding.objects.filter(platform_account=first).exists()
    return f"/{rest}" if own else page


def _is_of(account_id: str, object_id: str, page: str) -> bool:
    """Whether an object is the account's: its page is one of the account's, or its noun says so (one query)."""
    return page.startswith((f"/{account_id}/", f"/connect/accounts/{account_id}?")) or (
        bool(page) and nouns.account_of(object_id) == account_id
    )


def _of_account(account_id: str, place: str) -> str:
    """The first page of an account whose path begins so: "" and "issuing" are the Dashboard's own overviews.

    Its events stand in the list of all, narrowed to it.
    """
    if place == EVENTS:
        return f"{reverse('admin:gateway_event_changelist')}?{urlencode({'account': account_id})}"
    first = next((tab.path for tab in nouns.tabs() if f"{tab.path}/".startswith(f"{place}/" if place else "")), "")
    return f"/{account_id}/{first}" if first else ""


def _of_platform(place: str) -> str:
    """The list over all accounts of what the Dashboard has there; where there is none, what waits there."""
    if place in ACCOUNTS:
        return reverse("accounts")
    if place == EVENTS:
        return reverse("admin:gateway_event_changelist")
    named = (place, f"{place}/overview")  # the Dashboard leads from the first to the second
    noun = next((each for each in nouns.every() for tab in each.tabs if tab.path in named), None)
    if noun is None or noun.model is None:
        return ""
    listed = f"/{noun.model._meta.app_label}/{noun.model._meta.model_name}/"
    return listed if is_ours(listed) else next((queue.link() for queue in noun.queues), "")


def may_open(user: User, path: str) -> bool:
    """Whether this person's role may open our page at this address, or act there. No query.

    Pages say what they need (`console.people.signed_in.needs`), lists and verbs have their own permission. Who may view
    as the account and has no work session is asked for a reason there.
    """
    try:
        match = resolve(path.partition("?")[0].partition("#")[0])
    except Resolver404:
        return False
    needed = list(getattr(match.func, "needed", ()))
    verb, one = verbs.find(match.kwargs.get("verb_name", "")), match.url_name != "bulk"
    if verb and not (one and rights.may(user, verb)):
        needed.append(verb.permission)
    if listed := getattr(match.func, "model_admin", None):
        needed.append(f"{listed.opts.app_label}.view_{listed.opts.model_name}")
    return user.has_perms(needed)


@no_append_slash
@require_safe
def to_page(request: HttpRequest) -> HttpResponseRedirect:
    """Lead a GET on another spelling to the page's one address, query kept. 404 where no page of ours is meant."""
    page = page_for(request.path)
    if not page:
        raise Http404("No page of ours is meant by this address.")
    return lead(request, page)


def lead(request: HttpRequest, page: str) -> HttpResponseRedirect:
    """To a page, with the query that came."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{page}{'&' if '?' in page else '?'}{query}" if query else page)
