"""The home page: what needs a person, soonest first; then the panels of the rooms."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from console.people.signed_in import staff
from console.shell import leading, nouns
from console.shell.drawing import page
from console.shell.horizon import boxes
from console.shell.nouns import SHOWN, Item
from gateway import clock

NEVER = datetime.max.replace(tzinfo=UTC)


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
    """The needs of all rooms, soonest first: the first SHOWN, how many there are, and how near they are."""
    times: list[datetime | None] = []
    needs: list[Item] = []
    links: list[dict[str, Any]] = []
    for each in nouns.queues():
        if not allowed(request, each.permission):
            continue
        found = each.waiting(request, SHOWN)
        times += found.times
        needs += [_openable(request, need) for need in found.needs]
        if many := len(found.times):
            links.append({"label": each.one if many == 1 else each.label, "count": many, "url": each.link()})
    now = clock.now()
    horizon = boxes(times, now)
    return {
        "needing": len(times),
        "horizon": horizon,
        "pressing": horizon[0].count + horizon[1].count,
        "needs": sorted(needs, key=lambda need: urgency(need, now))[:SHOWN],
        "links": links,
    }


def _openable(request: HttpRequest, need: Item) -> Item:
    """The need with links that work for this person: to the account's page where its own do not."""
    if not leading.may_open(staff(request), need.url):
        need = replace(need, url=reverse("account", args=[need.account_id]))
    if not need.button_url or not leading.may_open(staff(request), need.button_url):
        need = replace(need, button_url=need.url, button="Open")
    return need


def urgency(need: Item, now: datetime) -> tuple[datetime, datetime]:
    """What is wrong now without a deadline stands where a deadline of this moment would."""
    return need.at or now, need.start or NEVER
