"""Stripe's Issuing values in words, for templates. What they are given is escaped by the template."""

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from console.people import masking
from console.shell import formats
from gateway import shapes
from issuing.authorizations import words as authorizations_words
from issuing.cardholders import words as cardholders_words

register = template.Library()


@register.filter
def plain_word(value: Any) -> str:
    """One of Stripe's enum values as words; what is none as it came."""
    return formats.plain(value) if isinstance(value, str) else shapes.shown(value)


@register.filter
def type_word(value: Any) -> str:
    """A type of cardholder or card."""
    return cardholders_words.TYPES.get(shapes.shown(value), plain_word(value)) or "–"


@register.filter
def reason_word(value: Any) -> str:
    """The title of a reason, its first letter large; an unknown one as it came."""
    name = shapes.shown(value)
    title = authorizations_words.reason(name).title
    return title[:1].upper() + title[1:] if name in authorizations_words.REASONS else title


@register.filter
def email_for(value: str, may_see: Any) -> str:
    """An e-mail address, masked without the permission."""
    return masking.email(value, may_see=bool(may_see))


@register.filter
def minus(value: Any) -> Any:
    """The amount with its sign turned, for what is taken away."""
    return -value if isinstance(value, int) else value


@register.filter
def amount_only(value: Any, currency: str) -> SafeString:
    """An amount without its code, for a table of one currency."""
    shown = formats.money(value, currency) if isinstance(value, int) else "–"
    return mark_safe(f'<span class="money">{shown}</span>')  # noqa: S308  (digits and signs)


@register.filter
def short_id(value: Any) -> str:
    """An id with its middle left out."""
    return formats.shorten(str(value))


@register.filter
def address_lines(value: Any) -> list[str]:
    """An address as lines, without what is not there."""
    data = value if isinstance(value, dict) else {}
    town = " ".join(shapes.shown(data[name]) for name in ("city", "state", "postal_code") if data.get(name))
    return [shapes.shown(line) for line in (data.get("line1"), data.get("line2"), town, data.get("country")) if line]


@register.filter
def place(merchant: Any) -> str:
    """Where a merchant is: "Joplin, MO 64804, US"."""
    data = merchant if isinstance(merchant, dict) else {}
    state = " ".join(shapes.shown(data[name]) for name in ("state", "postal_code") if data.get(name))
    return ", ".join(shapes.shown(part) for part in (data.get("city"), state, data.get("country")) if part)
