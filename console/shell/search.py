"""The search box: ids and Dashboard links go straight to their page, words list what the rooms find."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from console.people.signed_in import needs, staff
from console.shell import leading, links, nouns
from console.shell.drawing import page
from gateway import copied

LONGEST = 200  # characters; more is no name and no id
LONGEST_ADDRESS = 2_000
AN_ID = re.compile(r"[a-z]{2,12}_[A-Za-z0-9_]+")
A_PATH = re.compile(r"/[^/\s]\S*")
DASHBOARD_HOST = urlsplit(links.DASHBOARD).hostname


@require_safe
@needs()
def search(request: HttpRequest) -> HttpResponseBase:
    """`/search?q=`: one exact hit leads on by itself to a page of theirs; otherwise lists of what was found."""
    given = copied.sought(request.GET.get("q", ""))
    words = given[:LONGEST]
    whole = address(request, given) or words
    direct = pasted(request, whole) or destination(whole) or numbered(request, words)
    meant = direct.partition("?")[0].rpartition("/")[2]
    if direct and (leading.may_open(staff(request), direct) or not AN_ID.fullmatch(meant)):
        return redirect(direct)
    words = meant or words  # a page that is not theirs: what they may know of it is in the lists
    groups = found(request, words) if words else []
    title = "Search" if groups or not words else "Nothing found"
    context = {"title": title, "q": given[:LONGEST_ADDRESS], "words": words, "groups": groups, "note": _note(whole)}
    return page(request, "console/shell/search.html", context)


def address(request: HttpRequest, words: str) -> str:
    """An address as it was pasted, without quotes and with what of its beginning it leaves out; "" for other words.

    One that is too long is none: a part of it would lead elsewhere.
    """
    bare = words.strip(f"{copied.ROUND} ")
    if len(bare) > LONGEST_ADDRESS:
        return ""
    own, (host, slash, path) = request.get_host(), bare.partition("/")
    if slash and host.lower() in (DASHBOARD_HOST, own):
        return f"{request.scheme}://{host.lower()}/{path}"
    if A_PATH.fullmatch(bare):
        return f"{request.scheme}://{own}{bare}"
    return bare if bare.startswith(("http://", "https://")) else ""


def pasted(request: HttpRequest, words: str) -> str:
    """Our page for an address of this console that somebody pasted, or ""."""
    try:
        link = urlsplit(words)
    except ValueError:
        return ""
    if link.scheme not in ("http", "https") or link.netloc != request.get_host() or not link.path.strip("/"):
        return ""
    page_path = link.path if leading.is_ours(link.path) else leading.page_for(link.path)
    return f"{page_path}?{link.query}" if page_path and link.query else page_path


def destination(words: str) -> str:
    """The one page that `words` name (an id of Stripe's, a Dashboard link), or ""."""
    if is_dashboard_link(words):
        return leading.page_for(urlsplit(words).path)
    return nouns.jump(words) if AN_ID.fullmatch(words) else ""


def numbered(request: HttpRequest, words: str) -> str:
    """The page of what this console itself numbers: an operation, an approval, a bulk run, a job; "" for none."""
    return nouns.page_of_number(request, UUID(words)) if copied.OURS.fullmatch(words) else ""


def is_dashboard_link(words: str) -> bool:
    """Whether somebody pasted an address of Stripe's Dashboard."""
    try:
        return urlsplit(words).scheme in ("http", "https") and urlsplit(words).hostname == DASHBOARD_HOST
    except ValueError:
        return False


def found(request: HttpRequest, words: str) -> list[dict[str, Any]]:
    """What each room finds for these words, for a person who may see it; empty lists are left out."""
    lists: Iterator[dict[str, Any]] = (
        {"title": entry.title, "rows": list(entry.find(request, words))}
        for entry in nouns.searches()
        if not entry.permission or staff(request).has_perm(entry.permission)
    )
    return [entry for entry in lists if entry["rows"]]


def _note(words: str) -> str:
    if is_dashboard_link(words):
        return "This console has no page for that page of Stripe's Dashboard yet."
    if AN_ID.fullmatch(words) or copied.OURS.fullmatch(words):
        return "Nothing here has this id. It may belong to another mode, or not be imported yet."
    return ""
