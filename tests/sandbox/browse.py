"""A visitor without JavaScript: one page at a time, redirects not followed, forms read and sent back."""

import http.client
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from tests.sandbox_process import SandboxProcess


def browse(
    box: SandboxProcess, method: str, path: str, form: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, str]:
    """One page: (status, headers, HTML)."""
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=30)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Tests/1.0"}
    connection.request(method, path, urlencode(form or {}) if method == "POST" else None, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def visit(box: SandboxProcess, path: str) -> tuple[int, str]:
    """(status, Location)."""
    status, headers, _ = browse(box, "GET", path)
    return status, headers["Location"] or ""


@dataclass
class Form(HTMLParser):
    """What a page asks: heading, names with the values they hold, and the words beside fields."""

    heading: str = ""
    values: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    scripts: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.inside, self.choice = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "script":
            self.scripts += 1
        if tag == "input":
            self._input(given, name)
        if tag in ("select", "textarea"):
            self.choice = name
            self.values[name] = ""
        if tag == "option" and "selected" in given:
            self.values[self.choice] = given["value"]
        self.inside = {"h1": "h1", "textarea": "textarea"}.get(tag, "error" if given.get("class") == "error" else "")

    def _input(self, given: dict[str, str], name: str) -> None:
        if given.get("type") in ("radio", "checkbox"):
            self.values.setdefault(name, "")
            if "checked" in given:
                self.values[name] = given["value"]
        else:
            self.values[name] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.inside == "h1":
            self.heading += data
        elif self.inside == "textarea":
            self.values[self.choice] += data
        elif self.inside == "error":
            self.errors.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""


def read(text: str) -> Form:
    """The form of a page."""
    form = Form()
    form.feed(text)
    return form
