"""A word as it may have been written when it was stored: width, composition and case make no other name.

Nor do blanks, brackets and the country's code make another telephone number.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

WORD = 3  # characters of which an index of parts of words knows; fewer are the beginning of a name


@dataclass(frozen=True)
class Sought:
    """The ways in which the words of a search may name rows. Each is a query by itself, so that each has its index.

    `exact` ones find few rows, by a value; `parts` any number, by what a text holds; `elsewhere` are queries of ids in
    another table, which may find few or many.
    """

    exact: tuple[Q, ...] = ()
    parts: tuple[Q, ...] = ()
    elsewhere: tuple[QuerySet[Any], ...] = ()

    def __add__(self, other: "Sought") -> "Sought":
        """Both."""
        return Sought(self.exact + other.exact, self.parts + other.parts, self.elsewhere + other.elsewhere)

    @property
    def ways(self) -> list[Q]:
        """All of them."""
        return [*self.exact, *self.parts, *(Q(pk__in=ids) for ids in self.elsewhere)]

    def among(self, rows: Any) -> Any:
        """Those of the rows that are named, in the rows' order."""
        ways = self.ways
        if len(ways) == 1:
            return rows.filter(ways[0])
        named = [rows.filter(way).order_by().values("pk") for way in ways]
        return rows.filter(pk__in=named[0].union(*named[1:])) if named else rows.none()


def spellings(text: str) -> tuple[str, ...]:
    """The text, then its other spellings. Case is one only beyond ASCII, where SQLite's LIKE is case-sensitive."""
    forms = [text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC"))]
    cased = (way for form in forms if not form.isascii() for way in (form.lower(), form.upper(), form.title()))
    return tuple(dict.fromkeys([*forms, *cased]))


def holds(column: str, text: str) -> Q:
    """Rows whose column holds the text in any spelling; begins with it, where it is shorter than WORD."""
    found, how = Q(), "icontains" if len(text) >= WORD else "istartswith"
    for spelling in spellings(text):
        found |= Q(**{f"{column}__{how}": spelling})
    return found


PART_OF_PHONE = re.compile(r"\+?[0-9\s().\-/]{4,30}")
PHONE = re.compile(r"\+?[0-9\s().\-/]{9,30}")
TELLING = 9  # last digits of a number: what stands before them is left out, or written as 0, 00 or +


def phone_key(text: str) -> str:
    """What every spelling of a telephone number has in common: its last digits; "" for what is none."""
    digits = re.sub(r"[^0-9]", "", text) if PHONE.fullmatch(text.strip()) else ""
    return digits[-TELLING:] if len(digits) >= TELLING else ""


def holds_digits(column: str, text: str) -> Q:
    """Rows whose `phone_key` holds these digits, however they are grouped; none for what is no part of a number."""
    digits = re.sub(r"[^0-9]", "", text)[-TELLING:] if PART_OF_PHONE.fullmatch(text.strip()) else ""
    return holds(column, digits) if len(digits) >= WORD else Q()


WHOLE = 20  # characters; Stripe's ids have more


def by_id(text: str) -> Sought:
    """Rows with this id; for a part of one, which no index of SQLite's helps to find, those that begin so."""
    return Sought(exact=(Q(pk=text),)) if len(text) >= WHOLE else Sought(parts=(Q(pk__startswith=text),))
