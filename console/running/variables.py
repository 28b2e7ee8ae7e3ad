"""Environment variables, read strictly: what cannot be read is one line that names the variable."""

import io
import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from console.running.secrets_file import kept_secret

YES, NO = ("true", "1", "yes", "y", "on", "ok", "t"), ("false", "0", "no", "n", "off", "f", "")
KNOWN_DATABASES = ("sqlite:///", "postgres://", "postgresql://", "psql://", "pgsql://")
DATABASES = "sqlite:///folder/file or postgres://user:password@host:5432/name"

SENDER = re.compile(r"[!-~]+@[\w.-]+")
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
MAIL = "smtp+tls://user:password@host:587 (STARTTLS), smtp+ssl://…:465 or smtp://localhost:25"


def wrong(name: str, value: str, meant: str) -> ImproperlyConfigured:
    """The error for a variable that was set to something else than it can be."""
    return ImproperlyConfigured(f"{name}={value!r} cannot be read: set it to {meant}.")


class Variables(environ.Env):
    """django-environ's, with numbers that have bounds. Everything here raises ImproperlyConfigured."""

    def read_file(self, named: str, *, otherwise: Path) -> None:
        """Add to the environment what stands in this file; `otherwise` where none is named, if it is there."""
        path = Path(named or otherwise)
        try:
            if named or path.exists():
                self.read_env(io.StringIO(path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ImproperlyConfigured(f"ENV_FILE={path} cannot be read: {why}.") from None

    def secret(self, name: str, *, file: Path) -> str:
        """The variable, else the secret that is kept in the file: made once."""
        try:
            return self.str(name, default="") or kept_secret(file)
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ImproperlyConfigured(f"{file} cannot be used: {why}. Restore it, or set {name}.") from None

    def whole(self, name: str, *, default: int, least: int = 0, most: int = 2**31 - 1) -> int:
        """A whole number; an empty value is the default."""
        text = self.str(name, default="").strip()
        if text and not (text.isascii() and text.isdecimal() and len(text) < 12 and least <= int(text) <= most):
            raise wrong(name, text, f"a whole number from {least}" + ("" if most > 10**9 else f" to {most}"))
        return int(text) if text else default

    def seconds(self, name: str, *, default: float, least: float = 0.0) -> float:
        """A number, mostly of seconds; an empty value is the default."""
        text = self.str(name, default="").strip()
        try:
            value = float(text) if text else default
        except ValueError:
            value = math.nan
        if not least <= value < 10**9:
            raise wrong(name, text, f"a number from {least:g}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false, in one of the usual words."""
        text = self.str(name, default=str(default)).strip().lower()
        if text not in YES + NO:
            raise wrong(name, text, "true or false")
        return text in YES

    def one_of(self, name: str, *, default: str, words: tuple[str, ...]) -> str:
        """One of these words, in any case."""
        text = self.str(name, default="").strip().upper() or default
        if text not in words:
            raise wrong(name, text, ", ".join(words))
        return text

    def address(self, name: str, *, default: str) -> str:
        """An http or https address without its final slash; "" where that is the default."""
        text = self.str(name, default="").strip().rstrip("/") or default
        if text and not _is_address(text):
            raise ImproperlyConfigured(f"{name} cannot be read: set it to an address such as https://console.example.")
        return text

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        """Django's settings for the database. The value is never repeated: it holds a password."""
        text = self.str(name, default="").strip() or default
        try:
            parsed: dict[str, Any] = self.db_url_config(text) if text.startswith(KNOWN_DATABASES) else {}
        except ValueError:
            parsed = {}
        if not parsed:
            raise ImproperlyConfigured(f"{name} cannot be read: set it to {DATABASES}.")
        if parsed["NAME"] in ("", ":memory:"):
            raise ImproperlyConfigured(f"{name} names no database: set it to {DATABASES}.")
        return parsed

    def mail(self, name: str) -> dict[str, Any]:
        """The mail server: scheme, host, port, user, password; no host where none is named. The value holds a password
        and is never repeated. `smtps` is refused: some take it for smtp+tls (STARTTLS), some for smtp+ssl.
        """
        text = self.str(name, default="").strip()
        try:
            parts = urlsplit(text)
            port = parts.port or MAIL_PORTS.get(parts.scheme, 0)
            fits = not text or (parts.scheme in MAIL_PORTS and bool(parts.hostname) and parts.path in ("", "/"))
        except ValueError:
            fits = False
        if not fits:
            raise ImproperlyConfigured(f"{name} cannot be read: set it to {MAIL}.")
        user, password = (unquote(each or "") for each in (parts.username, parts.password))
        return {"scheme": parts.scheme, "host": parts.hostname or "", "port": port, "user": user, "password": password}

    def sender(self, name: str, *, default: str) -> str:
        """A plain e-mail address, without a name beside it; "" where there is none and no default."""
        text = self.str(name, default="").strip() or default
        if text and not SENDER.fullmatch(text):
            raise wrong(name, text, "a plain address such as console@example.com")
        return text

    def cache(self, name: str, *, default: str) -> dict[str, Any]:
        """Django's settings for the cache. The value is never repeated: it may hold a password."""
        try:
            parsed: dict[str, Any] = self.cache_url_config(self.str(name, default="").strip() or default)
        except (ValueError, KeyError, ImproperlyConfigured):
            raise ImproperlyConfigured(f"{name} cannot be read: set it to redis://host:6379/0 or leave it.") from None
        return parsed


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(unquote(text))
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
