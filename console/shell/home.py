"""The home page: what needs a person, soonest first; then the panels of the rooms."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from console.people.signed_in import staff
from console.shell import items, nouns
from console.shell.drawing import page
from console.shell.horizon import boxes
from console.shell.nouns import SHOWN, Item
from gateway import clock


def home(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The queue and every panel that this person may see. `needing` is how many things wait for a person."""
    panels = [
        {"panel": panel, "context": panel.context(request)}
        for panel in nouns.home_panels()
        if allowed(request, panel.permission)
    ]
    context = {"title": "Home", "panels": panels, **queue(request), **(extra_context or {})}
    return page(request, "console/shell/home.html", context)


def allowed(request: HttpRequest, permission: str) -> bool:
    """Whether this person may see it."""
    return not permission or staff(request).has_perm(permission)


def queue(request: HttpRequest) -> dict[str, Any]:
    """The items of all rooms, soonest first: the first SHOWN, how many there are, and how near they are."""
    times: list[datetime | None] = []
    found: list[Item] = []
    links: list[dict[str, Any]] = []
    for each, waiting in items.waiting(request):
        times += waiting.times
        found += waiting.items
        if many := len(waiting.times):
            links.append({"label": each.one if many == 1 else each.label, "count": many, "url": each.link()})
    horizon = boxes(times, clock.now())
    return {
        "needing": len(times),
        "horizon": horizon,
        "pressing": horizon[0].count + horizon[1].count,
        "items": items.soonest(found)[:SHOWN],
        "links": links,
    }
