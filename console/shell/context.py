"""What the frame of every page shows: where you stand, whose account you look at, how old the data is, and the menu."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from console.brakes import standing
from console.people import roles
from console.people.models import User
from console.people.signed_in import may_see
from console.shell import figures, nouns
from console.shell.figures import Kept
from console.shell.nouns import MenuEntry, Tab
from console.viewing import sessions
from console.viewing.models import WorkSession
from gateway import clock, health

APART = timedelta(minutes=1)  # from where on the two clocks are both named
COUNT_SECONDS = 5  # a count in an account's menu, and the word for one's role, may be this old

Menu = list[dict[str, Any]]


def frame(request: HttpRequest) -> dict[str, Any]:
    """`frame` for every template; before the sign-in only the band. At most four queries beside an account's counts."""
    if not hasattr(request, "frame"):
        clocks = {"clock": clock.now(), "drawn": timezone.now()}  # Stripe's, and ours
        band = {"mode": settings.CONSOLE_MODE, "platform": settings.PLATFORM_NAME, **clocks}
        band["apart"] = abs(clocks["clock"] - clocks["drawn"]) > APART
        user = getattr(request, "user", None)
        rest = _signed_in(request, user) if isinstance(user, User) else {}
        request.frame = {**band, **rest}  # type: ignore[attr-defined]
    return {"frame": request.frame}  # type: ignore[attr-defined]


def _signed_in(request: HttpRequest, user: User) -> dict[str, Any]:
    session = sessions.current(request)
    viewing = session is not None and request.path.startswith(f"/{session.account_id}/")
    age = request.data_age if hasattr(request, "data_age") else health.data_age()  # home has read it
    waiting = _waiting(user)
    return {
        "user_name": user.get_username(),
        "initials": (user.first_name[:1] + user.last_name[:1]).upper() or user.get_username()[:2].upper(),
        "role": _role(user),
        "data_age": age,
        "stale": age > timedelta(seconds=settings.STALE_AFTER),
        "menu": menu(request, user, waiting),
        "counts_age": max((kept.age for kept in waiting.values() if kept.age), default=None),
        "brakes": standing.banner(request.path, may_see=may_see(request)),
        "session": session,
        "session_left": time_left(session) if session else None,
        "viewing": viewing,
        "account_menu": account_menu(request, user, session) if session and viewing else None,
    }


def _role(user: User) -> str:
    """The role's name beside the user's; as old as a count in the menu may be."""
    key = f"role:{user.pk}:{user.date_joined.timestamp()}"
    name: str = cache.get_or_set(key, lambda: roles.role_of(user), COUNT_SECONDS) or ""
    return name


def time_left(session: WorkSession) -> timedelta:
    """Until the nearer of its two limits, wall time."""
    idle = session.last_seen_at + settings.WORK_SESSION_IDLE
    life = session.started_at + settings.WORK_SESSION_LIFE
    return max(min(idle, life) - timezone.now(), timedelta(0))


def _waiting(user: User) -> dict[str, Kept]:
    """How much waits in each queue that this person may see, by its name, as the worker keeps it. At most one query."""
    found = figures.waiting()
    return {queue.name: found[queue.name] for queue in nouns.queues() if _may(user, queue.permission)}


def _may(user: User, permission: str) -> bool:
    return not permission or user.has_perm(permission)


def menu(request: HttpRequest, user: User, waiting: Mapping[str, Kept]) -> Menu:
    """The console's menu, by section, without what this person may not see."""
    numbers = {name: kept.value for name, kept in waiting.items()}
    numbers[nouns.ALL] = sum(numbers.values())
    lines = [
        _line(entry, entry.url if entry.url.startswith("/") else reverse(entry.url), numbers.get(entry.queue, 0))
        for entry in nouns.menu()
        if _may(user, entry.permission)
    ]
    return _marked(request, lines)


def account_menu(request: HttpRequest, user: User, session: WorkSession) -> Menu:
    """The menu of the account that is viewed, "All accounts" first in the template."""
    account_id = session.account_id
    lines = [
        _line(tab, url := f"/{account_id}/{tab.path}", counted(url, partial(tab.count, account_id)) if tab.count else 0)
        for tab in nouns.tabs()
        if user.has_perm(tab.permission)
    ]
    return _marked(request, lines)


def counted(url: str, count: Callable[[], int]) -> int:
    """What an account's menu says beside an address: at most one query, none where it was counted just now."""
    number: int = cache.get_or_set(f"menu-count:{url}", count, COUNT_SECONDS) or 0
    return number


def _line(entry: MenuEntry | Tab, url: str, number: int) -> dict[str, Any]:
    return {
        "label": entry.label,
        "url": url,
        "icon": entry.icon,
        "section": entry.section,
        "count": number,
        "urgent": getattr(entry, "urgent", False),
        "current": False,
    }


def _marked(request: HttpRequest, lines: Menu) -> Menu:
    """Grouped under their headings; the line whose address is the longest beginning of this page's is current."""
    here = [
        line for line in lines if request.path == line["url"] or request.path.startswith(f"{line['url'].rstrip('/')}/")
    ]
    here = [line for line in here if line["url"] != "/" or request.path == "/"]
    if here:
        max(here, key=lambda line: len(line["url"]))["current"] = True
    grouped = groupby(lines, key=lambda line: line["section"])
    return [{"heading": heading, "entries": list(entries)} for heading, entries in grouped]
