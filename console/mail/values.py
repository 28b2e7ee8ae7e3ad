"""What may stand in a mail: each kind makes the text of a value, or raises Unfit. `personal` alone takes free text."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from gateway import copied, texts

Kind = Callable[[Any], str]
DIGEST = re.compile(r"[0-9a-f]{64}")
MOST = 1_000_000  # what is counted; a telephone number or a number that proves identity is longer
NEAR = timedelta(days=3650)  # a moment further away is somebody's birthday, and no business of a mail
LONGEST = 200  # characters of a personal value


class Unfit(ValueError):  # noqa: N818  (it says what is wrong with the value)
    """A mail cannot be made of this: an unknown template, a value of another kind, an address that is none."""


def link(value: Any) -> str:
    """An address of this console, from CONSOLE_URL: the name of a URL, or a list of the name and ids."""
    name, *ids = value if isinstance(value, list | tuple) and value else [value]
    if not isinstance(name, str):
        raise Unfit("not the name of a page")
    try:
        return settings.CONSOLE_URL + reverse(name, args=[object_id(each) for each in ids])
    except NoReverseMatch:
        raise Unfit("no page of this console has such an address") from None


def account_id(value: Any) -> str:
    """The id of an account."""
    if not object_id(value).startswith("acct_"):
        raise Unfit("not the id of an account")
    return str(value)


def object_id(value: Any) -> str:
    """An id of Stripe's, or of one of our own rows."""
    text = str(value)
    if copied.AN_ID.fullmatch(text) or (text.isascii() and text.isdecimal() and len(text) <= 7):
        return text
    return operation_id(text)


def operation_id(value: Any) -> str:
    """The id of an operation."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise Unfit("not an id") from None


def count(value: Any) -> str:
    """How many there are."""
    if type(value) is not int or not 0 <= value <= MOST:
        raise Unfit(f"not a number from 0 to {MOST}")
    return f"{value:,}"


def row_number(value: Any) -> str:
    """The number of a row of the audit trail: shorter than any number of a person."""
    if type(value) is not int or not 0 <= value < 10**8:
        raise Unfit("not a row's number")
    return f"{value:,}"


def moment(value: Any) -> str:
    """A moment of our own doings, in UTC."""
    if not isinstance(value, datetime) or timezone.is_naive(value) or abs(value - timezone.now()) > NEAR:
        raise Unfit("not a moment of these years")
    at = value.astimezone(timezone.get_default_timezone())
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def digest(value: Any) -> str:
    """A digest of the audit trail."""
    if not isinstance(value, str) or not DIGEST.fullmatch(value):
        raise Unfit("not a digest")
    return value


def one_of(words: Mapping[str, str]) -> Kind:
    """The kind of a value that is one of these keys; its text is the words of it."""

    def chosen(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Unfit("not one of the words that the template knows")
        return words[value]

    return chosen


def personal(value: Any) -> str:
    """What is known of the holder, to that very holder: a template that is no approved notice must not declare it."""
    if not isinstance(value, str) or not texts.visible(value) or len(value) > LONGEST:
        raise Unfit(f"not a text of 1 to {LONGEST} characters")
    return texts.one_line(value)
