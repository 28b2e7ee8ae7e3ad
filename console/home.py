"""The home page: what needs a person, then how the machinery is."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console import registry
from console.sessions import staff
from console.site import page


def home(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Every panel that this person may see. `needing` is how many things wait for a person, over all panels."""
    panels: list[dict[str, Any]] = [
        {"panel": panel, "context": panel.context(request)}
        for panel in registry.home_panels()
        if not panel.permission or staff(request).has_perm(panel.permission)
    ]
    needing = sum(entry["context"].get("count", 0) for entry in panels)
    return page(
        request, "console/home.html", {"title": "Home", "panels": panels, "needing": needing, **(extra_context or {})}
    )
