"""Where Stripe is: the addresses that each mode may send a key to, for every host that the library knows."""

import re
from urllib.request import ProxyHandler, build_opener

from django.conf import settings

# Stripe's own, by the library's name for each host.
OWN = {
    "api": "https://api.stripe.com",
    "files": "https://files.stripe.com",
    "connect": "https://connect.stripe.com",
    "meter_events": "https://meter-events.stripe.com",
}
# Spelled out rather than parsed: parsers disagree about where a host ends (`http://evil.example\@127.0.0.1`).
HERE = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::([1-9]\d{0,4}))?", re.ASCII)

DIRECT = build_opener(ProxyHandler({}))  # past every proxy, to what answers on this machine


def is_here(base: str) -> bool:
    """Whether it is an origin on this machine's loopback interface: where a stand-in for Stripe may answer."""
    match = HERE.fullmatch(base)
    return match is not None and int(match[1] or 80) < 65536


def allowed(mode: str, base: str) -> bool:
    """Whether STRIPE_API_BASE may be this: in live mode Stripe's own, in the sandbox this machine, in test mode both.

    Stripe's own is compared exactly: with a port, a user name or a trailing dot it is another address.
    """
    return (mode != "sandbox" and base == OWN["api"]) or (mode != "live" and is_here(base))


def of_each_host() -> dict[str, str]:
    """Host → address as the settings have it: all of them Stripe's own, or all of them the stand-in."""
    base = settings.STRIPE_API_BASE
    return dict(OWN) if base == OWN["api"] else dict.fromkeys(OWN, base)
