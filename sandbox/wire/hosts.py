"""By which names the sandbox is called, and whose pages may change something in it.

A page of another site can let a name of its own lead to this machine (DNS rebinding). The browser then takes the
sandbox for that site and lets the page read and write everything; only the foreign name in the Host shows it.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from sandbox.world.errors import StripeError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
WILDCARDS = frozenset({"0.0.0.0", "[::]"})  # noqa: S104  (refused, not bound)
READING = frozenset({"GET", "HEAD", "OPTIONS"})
HOST = re.compile(r"(?P<name>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])\.?(?::[0-9]{0,5})?", re.ASCII)
ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)
FOREIGN_PAGE = "The sandbox is for this machine: a page of another site may not change anything in it."


class HostNameError(ValueError):
    """A name was set that cannot stand in a Host header. The message is for who set it."""


class Hosts:
    """The names that a sandbox answers to: those of the loopback interface, and `named`.

    Numbers such as 2130706433 or 127.1 are none of them: a browser writes them out as 127.0.0.1 before it sends them.
    Raises HostNameError.
    """

    def __init__(self, named: Iterable[str] = ()) -> None:
        self.names = LOOPBACK | {plain_name(name) for name in named}

    def check(self, hosts: list[str]) -> None:
        """Raises StripeError 403 when one of the hosts (`name`, `name:port`) is not ours."""
        for host in hosts:
            if name_of(host) not in self.names:
                raise StripeError(
                    403,
                    f"The sandbox does not answer to the host {host[:100]!r}. If that is its name, start it with"
                    " --allowed-hosts or SANDBOX_ALLOWED_HOSTS.",
                )


def name_of(host: str) -> str | None:
    """The name in a Host header, in lower case, without port and final dot; None when it is no host at all."""
    found = HOST.fullmatch(host.lower())
    return found["name"] if found else None


def plain_name(given: str) -> str:
    """A name or address that was set, as a Host bears it: `::1` is `[::1]`. Raises HostNameError."""
    text = given.strip().lower()
    bracketed = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    name = name_of(bracketed)
    if name is None or name != bracketed.removesuffix("."):
        raise HostNameError(f"{given!r} is no name of a host: give names or addresses without http:// and port.")
    return name


def names_of_address(host: str) -> list[str]:
    """The names by which a sandbox that listens on `host` is called; none for all interfaces, which is no name."""
    return [] if plain_name(host) in WILDCARDS else [host]


def split_target(target: str) -> tuple[list[str], str]:
    """The host that a request target such as `http://localhost/v1/events` names, if any, and its path with query."""
    found = ABSOLUTE.fullmatch(target)
    if found is None:
        return [], target
    return [found[1]], found[2] if found[2].startswith("/") else f"/{found[2]}"


def check_page(method: str, path: str, hosts: list[str], origins: list[str], referers: list[str]) -> None:
    """Raises StripeError 403 when a page of another origin is behind a request that changes something.

    The controls are closed to such pages altogether. Clients that are no browsers send neither header.
    """
    changing = method not in READING
    senders = [origin for origin in origins if origin] or [origin_of(referer) for referer in referers if changing]
    own = {f"{scheme}://{host.lower()}" for host in hosts for scheme in ("http", "https")}
    if (changing or path.startswith("/_sandbox/")) and any(sender.lower() not in own for sender in senders):
        raise StripeError(403, FOREIGN_PAGE)


def origin_of(referer: str) -> str:
    """`http://a.example:80` of `http://a.example:80/page`; of what is no address, something that is no origin."""
    try:
        parts = urlsplit(referer)
    except ValueError:
        return "null"
    return f"{parts.scheme}://{parts.netloc}"
