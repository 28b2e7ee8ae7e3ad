"""How long to wait before the next try, for every loop that tries again: events, operations, sync, endpoints, funds."""

import random

FIRST = 0.5  # seconds
LONGEST = 8.0


def pause(tries: int, *, first: float = FIRST, longest: float = LONGEST, named: float | None = None) -> float:
    """Seconds before the next try after `tries` tries (1 or more).

    It doubles with each try from `first` up to `longest`, and at random up to half of it is taken off, so that callers
    spread: between half of min(first * 2 ** (tries - 1), longest) and all of it. What Stripe `named` (Retry-After) is
    waited for at least, however long it is: a caller that does not want to wait so long caps it.
    """
    doubled = min(first * 2.0 ** min(tries - 1, 32), longest)
    return max(doubled * random.uniform(0.5, 1.0), named or 0.0)  # noqa: S311  (guards nothing)
