"""What stands now, and what it says against an act: one question, which the door, the worker and the pages ask.

The door and the worker read the database each time; pages may be LATELY seconds late.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from console.approvals import policy
from console.brakes.models import Brake
from console.operations.verbs import Verb
from console.people import masking
from console.shell import formats
from gateway import texts

KEY = "brakes"  # of the cache
LATELY = 1  # seconds
WATCHED = 0.5  # seconds


def objection(verb: Verb, account_id: str, params: Mapping[str, Any] | None = None) -> str:
    """Why such an act is stopped now, as a sentence, or "". What reads, and what lowers risk, is never stopped.

    At most one query, and none of what may be a second old.
    """
    if not verb.sends or policy.lowers_risk(verb, params):
        return ""
    return _first(Brake.objects.standing().filter(target__in=("", verb.name, account_id)), verb, account_id)


@dataclass
class Watch:
    """The same for many acts of one verb, one after the other: asked anew when the last answer is WATCHED old."""

    verb: Verb
    brakes: Sequence[Brake] = ()
    as_of: float = float("-inf")

    def objection(self, account_id: str, params: Mapping[str, Any] | None = None) -> str:
        """Why such an act is stopped now, or ""."""
        if not self.verb.sends or policy.lowers_risk(self.verb, params):
            return ""
        if time.monotonic() - self.as_of > WATCHED:
            self.brakes, self.as_of = list(Brake.objects.standing()), time.monotonic()
        return _first(self.brakes, self.verb, account_id)


def lately() -> list[Brake]:
    """The brakes that stand, the widest first, as of at most LATELY seconds ago. One query where they are not known."""
    found: list[Brake] = cache.get_or_set(KEY, lambda: list(Brake.objects.standing()), LATELY) or []
    return sorted(found, key=lambda brake: Brake.Scope.values.index(brake.scope))


def forget() -> None:
    """Have this process, and those that share its cache, look again at once: something has changed."""
    cache.delete(KEY)


@dataclass(frozen=True)
class Stopped:
    """What a form says before anybody types. `but` names the values with which the act goes on all the same."""

    sentence: str
    but: str = ""


def stopped(verb: Verb, account_id: str) -> Stopped | None:
    """What stops such an act, as `lately` knows; None where nothing does."""
    if not verb.sends or policy.lowers_risk(verb):
        return None
    sentence = _first(lately(), verb, account_id)
    lowering = policy.current().one_lowers.get(verb.name, {})
    but = "; ".join(f"{formats.plain(name).lower()} {' or '.join(values)}" for name, values in lowering.items())
    return Stopped(sentence, but) if sentence else None


def _first(brakes: Any, verb: Verb, account_id: str) -> str:
    return next((sentence(brake) for brake in brakes if brake.stops(verb, account_id)), "")


def sentence(brake: Brake) -> str:
    """What is stopped, by whom, since when, why."""
    since = f"since {formats.minute(brake.set_at)} by {brake.set_by.get_username()}"
    return f"{brake} {since}: {texts.one_line(masking.masked(brake.reason, may_see=False))}"


@dataclass(frozen=True)
class Banner:
    """What the frame of a page says of brakes: the first of those that stand, and how many more do."""

    brakes: list[Brake]
    more: int = 0


MOST = 3  # brakes that a banner spells out


def banner(path: str, *, may_see: bool) -> Banner | None:
    """Of the page at this path, which spells out its own account's brake before all others.

    The brakes are to look at: what their reasons hold of persons is masked for who may not see it.
    """
    standing = sorted(lately(), key=lambda brake: f"/{brake.target}/" not in f"{path}/")
    shown = standing[:MOST]
    for brake in shown:
        brake.reason = masking.masked(brake.reason, may_see=may_see)
    return Banner(shown, len(standing) - len(shown)) if standing else None
