"""Fields for numbers and dates that take plain digits only, and keep on the page what was typed instead."""

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
