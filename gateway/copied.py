"""What people copy: an id with what stood round it. Pure."""

import re

from gateway import texts

AN_ID = re.compile(r"[a-z]{2,12}_[A-Za-z0-9_]+")
OURS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)  # what this console itself numbers
QUOTES = "\"'`´‘’‚‛“”„‟‹›«»"
ROUND = f"{QUOTES}()[]{{}}<>.,;:!?*"  # quotes, brackets and stops that come along with an id


def tidy(text: str) -> str:
    """An id without what came along with it; any other text without blanks round it."""
    words = text.strip()
    bare = texts.readable(words).strip(f"{ROUND} ")
    return bare if AN_ID.fullmatch(bare) or OURS.fullmatch(bare) else words


def sought(text: str) -> str:
    """What somebody looks for: the same, other words without the quotes that they stand in."""
    words = tidy(text)
    inside = words.strip(f"{QUOTES} ") if words[:1] in QUOTES and words[-1:] in QUOTES else ""
    return inside or words
