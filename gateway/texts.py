"""Text from outside: whether anybody can see it, and what must not reach a database, a title or a sentence. Pure."""

import re
import unicodedata
from typing import Any

DEEPEST = 64  # levels of JSON; databases give up at a few hundred, Stripe's objects have ten
# Of Unicode's general categories: control, format, surrogate, blanks, and marks that need a letter below them.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})
FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and signs by their category, and drawn as a blank
# Embeddings, overrides and isolates turn round whatever follows them (UAX 9).
TURNS = "\u202a-\u202e\u2066-\u2069"
HARMFUL = re.compile(f"[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff{TURNS}]")
TURNING = re.compile(f"[{TURNS}]")
PLAIN = re.compile("[!-~]")  # what nearly every text consists of, found without asking Unicode's tables
RARE = re.compile(r"[^\s!-~]")
BREAKS = re.compile("[\t-\r\x85\u2028\u2029]")
# What is written from right to left, what says so, and what turns the text: it moves its neighbours on the line.
JOINING = frozenset("\u200c\u200d\u200e\u200f\u061c")  # unseen, and many scripts are not written without them
MOVES = re.compile(
    f"[\u0590-\u08ff\u200e\u200f{TURNS}\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


class TooDeep(ValueError):  # noqa: N818  (it says what is wrong)
    """Nested deeper than DEEPEST."""


def storable(value: Any, depth: int = DEEPEST) -> Any:
    """The value, with what PostgreSQL cannot store (NUL, half a surrogate pair) replaced. Raises TooDeep."""
    if isinstance(value, str):
        sound = value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
        value = value if sound else value.encode("utf-8", "replace").decode()
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise TooDeep
    if isinstance(value, list):
        return [storable(part, depth - 1) for part in value]
    return {storable(name): storable(part, depth - 1) for name, part in value.items()}


def visible(text: str) -> bool:
    """Whether somebody sees anything of it."""
    return bool(PLAIN.search(text)) or any(
        unicodedata.category(each) not in UNSEEN and each not in FILLERS for each in text
    )


def readable(text: str) -> str:
    """What a person reads of it: without invisible characters, one blank between words."""
    return " ".join(RARE.sub(lambda found: found[0] if visible(found[0]) else "", text).split())


def one_line(text: str) -> str:
    """On one line; characters that steer a terminal or change the direction of text are replaced by a sign."""
    return HARMFUL.sub("\ufffd", BREAKS.sub(" ", text))


def label(name: str, instead: str) -> str:
    """A name for lists, titles and sentences; `instead` where nothing of it is visible."""
    return one_line(name) if visible(name) else instead
