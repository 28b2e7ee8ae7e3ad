"""Fields of forms, and what they refuse."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.operations.models import Operation
from console.shell import formats
from gateway import texts
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


@dataclass(frozen=True)
class Where:
    """What a form is drawn for, so that it can offer and check what belongs there; empty where it is for many."""

    account_id: str = ""
    object_id: str = ""
    address: str = ""  # the IP address from which staff fill it in, where that is known


NOWHERE = Where()


class VerbForm(forms.Form):
    """The values of a verb. `where` is what this rendering is for."""

    def __init__(self, *args: Any, where: Where = NOWHERE, **kwargs: Any) -> None:
        self.where = where
        super().__init__(*args, **kwargs)

    def sent_before(self) -> bool:
        """Whether this very form was sent before: then it may be what made its own values impossible. One query."""
        token = str(self.data.get("form_token", ""))
        return bool(token) and Operation.objects.filter(form_token=token).exists()


def legible(value: str) -> None:
    """Refuse what cannot be seen: it hides in names and breaks lists. Any script and any sign may be used."""
    hidden = {each for each in value if unicodedata.category(each) in ("Cc", "Cf", "Cs")} - texts.JOINING
    if hidden:
        raise ValidationError("There is a character in it that cannot be shown. Type it anew.")
    if not texts.visible(value):
        raise ValidationError("Nobody could see this. Type something that can be read.")


class NameField(forms.CharField):
    """A name on one line, at most as long as the lists keep it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=255, validators=[legible], **kwargs)


LARGEST = Decimal("999999.99")  # Stripe takes eight digits of minor units


class AmountField(PlainDecimalField):
    """An amount above zero in major units with at most two decimals, as usd, eur and gbp have."""

    def __init__(self, *, least: str = "0.01", **options: Any) -> None:
        super().__init__(min_value=Decimal(least), max_value=LARGEST, decimal_places=2, **options)


class LineField(forms.CharField):
    """Text on one line, without what cannot be seen; as a name, it must show something."""

    def __init__(self, *, max_length: int = 255, **options: Any) -> None:
        super().__init__(max_length=max_length, validators=[legible], **options)


REASON_LENGTH = 10  # characters; fewer say nothing to whoever reads the audit trail


class ReasonField(forms.CharField):
    """Why staff do something, in words that somebody can read."""

    def __init__(self, *, max_length: int = 2000, **options: Any) -> None:
        super().__init__(min_length=REASON_LENGTH, max_length=max_length, validators=[self.says_something], **options)

    @staticmethod
    def says_something(value: str) -> None:
        """Count what can be read of it."""
        if len(texts.readable(value)) < REASON_LENGTH:
            raise ValidationError(f"Write at least {REASON_LENGTH} characters that can be read.")


SHOWN_AS = "•••"


def minor(amount: Decimal | str | None, currency: str) -> int | None:
    """An amount in major units as minor ones: "12.5" of usd is 1250; None for none."""
    if amount in (None, ""):
        return None
    return int(Decimal(str(amount)).scaleb(formats.decimals(currency)))
