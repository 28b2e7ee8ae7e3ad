"""What must be true of every answer: its headers, and nothing inline that the policy would refuse."""

from html.parser import HTMLParser
from typing import Any

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
SOURCES = {"default-src", "script-src", "style-src", "img-src", "form-action"}


class Inline(HTMLParser):
    """Collects whatever a policy of `'self'` would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in values and values.get("type") != "application/json"):
            self.found.append(f"<{tag}>")
        for name, value in values.items():
            text = (value or "").strip().casefold()
            if name == "style" or name.startswith("on") or text.startswith(("javascript:", "data:")):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name in ("src", "action") and text.startswith(("http:", "https:", "//")):
                self.found.append(f"<{tag} {name}={value!r}>")


def check_headers(answer: Any) -> None:
    """Each header of the promises, as it must be."""
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "no-store" in answer.headers["Cache-Control"]
    assert "camera=()" in answer.headers["Permissions-Policy"]
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert {policy[name] for name in SOURCES} == {"'self'"}
    assert {policy[name] for name in ("object-src", "base-uri", "frame-ancestors")} == {"'none'"}


def check_page(answer: Any) -> None:
    """No inline style, script or handler, and nothing loaded from elsewhere."""
    inline = Inline()
    inline.feed((answer.getvalue() if answer.streaming else answer.content).decode(errors="replace"))
    assert inline.found == []
