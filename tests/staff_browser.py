"""A member of staff at the real web server, with cookies and the forms' tokens. Standard library only."""

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.stack import PASSWORD, Stack


class StaffBrowser:
    """Signed in as one of the demo users."""

    def __init__(self, stack: Stack, name: str = "demo") -> None:
        self.stack = stack
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.get("/login/")
        self.token = next(each.value for each in self.jar if each.name == "csrf")
        status, body = self.post("/login/", {"username": name, "password": PASSWORD, "next": "/me/"})
        assert (status, "/login/" in body) == (200, False), body[:2000]
        self.token = next(each.value for each in self.jar if each.name == "csrf")

    @classmethod
    def with_cookie(cls, stack: Stack, cookie: str, token: str) -> "StaffBrowser":
        """Another window of the same person."""
        window = cls.__new__(cls)
        window.stack, window.jar = stack, http.cookiejar.CookieJar()
        window.opener = urllib.request.build_opener()
        window.opener.addheaders = [("Cookie", cookie)]
        window.token = token
        return window

    @property
    def cookie(self) -> str:
        """The Cookie header that it sends."""
        return "; ".join(f"{each.name}={each.value}" for each in self.jar)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body, after redirects."""
        return self._open(urllib.request.Request(self.stack.url + path))

    def post(self, path: str, values: dict[str, Any]) -> tuple[int, str]:
        """The same of a form, with this browser's token."""
        data = urllib.parse.urlencode({**values, "csrfmiddlewaretoken": self.token}, doseq=True).encode()
        return self._open(urllib.request.Request(self.stack.url + path, data))

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
