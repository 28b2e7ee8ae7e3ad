"""Fields of forms, and what they refuse."""

import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from gateway.digits import is_decimal

NUMBER = "Write it in plain digits, such as 1250 or 12.50."
DATE = "Write it in plain digits, such as 2026-11-24."


class PlainDecimalField(forms.DecimalField):
    """A number of nothing but digits and one point; blanks round it are forgiven. No sign: nothing here is negative."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})  # a number box would take 1e2 and drop what is wrong

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """The number, None for an empty field. Raises ValidationError."""
        text = value.strip() if isinstance(value, str) else value
        if isinstance(text, str) and text and not is_decimal(text):
            raise ValidationError(NUMBER, code="invalid")
        return super().to_python(text)


class PlainDateField(forms.DateField):
    """A day."""

    def to_python(self, value: Any) -> date | None:
        """The day, None for an empty field. Raises ValidationError."""
        _check(value)
        return super().to_python(value)


class PlainDateTimeField(forms.DateTimeField):
    """A moment."""

    def to_python(self, value: Any) -> datetime | None:
        """The moment, None for an empty field. Raises ValidationError."""
        _check(value)
        return super().to_python(value)


def _check(value: Any) -> None:
    """Digits of other scripts are digits to Python's dates."""
    if isinstance(value, str) and not value.strip().isascii():
        raise ValidationError(DATE, code="invalid")


def no_control_characters(value: str) -> None:
    """Refuse what cannot be seen: it hides in names and breaks lists. Any script and any sign may be used."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise ValidationError("There is a character in it that cannot be shown. Type it anew.")


class NameField(forms.CharField):
    """A name on one line, at most as long as the lists keep it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=255, validators=[no_control_characters], **kwargs)


LARGEST = Decimal("999999.99")  # Stripe takes eight digits of minor units


class AmountField(PlainDecimalField):
    """An amount above zero in major units with at most two decimals, as usd, eur and gbp have."""

    def __init__(self, *, least: str = "0.01", **options: Any) -> None:
        super().__init__(min_value=Decimal(least), max_value=LARGEST, decimal_places=2, **options)


class LineField(forms.CharField):
    """Text on one line, without what cannot be seen."""

    def __init__(self, *, max_length: int = 255, **options: Any) -> None:
        super().__init__(max_length=max_length, validators=[no_control_characters], **options)
