"""A word as it may have been written when it was stored: width, composition and case make no other name."""

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
