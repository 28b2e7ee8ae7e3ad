"""States as badges: each its own shape, its word, its tone. What Stripe adds tomorrow is shown as it came."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Badge:
    """`icon` names a symbol of icons.svg; `tone` is ok, warn, bad, info or mute."""

    icon: str
    word: str
    tone: str


NOTHING = Badge("ring", "–", "mute")


def ok(word: str) -> Badge:
    """Fine."""
    return Badge("check", word, "ok")


def soon(word: str) -> Badge:
    """Something is due."""
    return Badge("clock", word, "warn")


def bad(word: str) -> Badge:
    """Something is wrong."""
    return Badge("triangle", word, "bad")


def no(word: str) -> Badge:
    """Refused, failed or over."""
    return Badge("crossed", word, "bad")


def waits(word: str) -> Badge:
    """Somebody else is at work."""
    return Badge("hourglass", word, "info")


def off(word: str) -> Badge:
    """Not in use."""
    return Badge("dash", word, "mute")


def absent(word: str, tone: str = "mute") -> Badge:
    """Not there."""
    return Badge("ring", word, tone)
