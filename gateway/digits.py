"""Numbers as people type them: plain digits, without what Python's int and float take too (1e2, 1_000, +5, １０)."""

import re

WHOLE = re.compile(r"[0-9]+")


def is_whole(text: str) -> bool:
    """Whether it is a whole number in plain digits; "²" and "٣" are none."""
    return WHOLE.fullmatch(text) is not None


def whole_number(text: str) -> int:
    """For an argument of a command. Raises ValueError."""
    if not is_whole(text):
        raise ValueError(text)
    return int(text)
