"""A word as it may have been written when it was stored: width, composition and case make no other name.

Nor do blanks, brackets and the country's code make another telephone number.
"""

import re
import unicodedata

from django.db.models import Q


def spellings(text: str) -> tuple[str, ...]:
    """The text, then its other spellings. Case is one only beyond ASCII, where SQLite's LIKE is case-sensitive."""
    forms = [text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC"))]
    cased = (way for form in forms if not form.isascii() for way in (form.lower(), form.upper(), form.title()))
    return tuple(dict.fromkeys([*forms, *cased]))


def holds(column: str, text: str) -> Q:
    """Rows whose column holds the text in any spelling."""
    found = Q()
    for spelling in spellings(text):
        found |= Q(**{f"{column}__icontains": spelling})
    return found


PHONE = re.compile(r"\+?[0-9\s().\-/]{9,30}")
TELLING = 9  # last digits of a number: what stands before them is left out, or written as 0, 00 or +


def phone_key(text: str) -> str:
    """What every spelling of a telephone number has in common: its last digits; "" for what is none."""
    digits = re.sub(r"[^0-9]", "", text) if PHONE.fullmatch(text.strip()) else ""
    return digits[-TELLING:] if len(digits) >= TELLING else ""


WHOLE = 20  # characters; Stripe's ids have more


def begins(text: str) -> Q:
    """Rows with this id; for a part of one, which no index of SQLite's helps to find, those that begin so."""
    return Q(pk=text) if len(text) >= WHOLE else Q(pk__startswith=text)
