"""Fields of forms, and what they refuse."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property

from console.operations import amounts, dates
from console.operations.models import Operation
from console.shell import formats
from gateway import copied, texts

DATE = "Write it in plain digits, such as 2026-11-24."
ISO_INPUT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{5,8})?")  # all that a browser's own date box takes


class DateBox(forms.DateTimeInput):
    """A browser's own box for a day or a moment; a plain one round what such a box would drop."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """As text where it holds another form."""
        context = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        if shown and not ISO_INPUT.fullmatch(str(shown)):
            context["widget"]["attrs"]["type"] = "text"
        return context


class PlainDateField(forms.DateField):
    """A day, in figures or as the console prints one."""

    widget = DateBox(attrs={"type": "date"}, format="%Y-%m-%d")
    input_formats = ("%Y-%m-%d",)  # Django's also have 3/4/2026, which is a day in April elsewhere

    def to_python(self, value: Any) -> date | None:
        """The day, None for an empty field. Raises ValidationError."""
        read = _read(value)
        return read.date() if read else super().to_python(value)


class PlainDateTimeField(forms.DateTimeField):
    """A moment, in figures or as the console prints one."""

    widget = DateBox(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
    input_formats = ("%Y-%m-%d",)  # besides ISO 8601 with a time

    def to_python(self, value: Any) -> datetime | None:
        """The moment, None for an empty field. Raises ValidationError."""
        return _read(value) or super().to_python(value)


def _read(value: Any) -> datetime | None:
    """A moment as the console prints it. Digits of other scripts are digits to Python's dates."""
    if not isinstance(value, str):
        return None
    if not value.strip().isascii():
        raise ValidationError(DATE, code="invalid")
    return dates.read(value)


@dataclass(frozen=True)
class Where:
    """What a form is drawn for, so that it can offer and check what belongs there; empty where it is for many."""

    account_id: str = ""
    object_id: str = ""
    address: str = ""  # the IP address from which staff fill it in, where that is known
    row: Any = None  # the object, else the account; read once, when the page is asked for
    bounded: bool = False  # whether who fills it in may do it within the bounds of a lesser permission alone


NOWHERE = Where()


class VerbForm(forms.Form):
    """The values of a verb. `where` is what this rendering is for."""

    def __init__(self, *args: Any, where: Where = NOWHERE, **kwargs: Any) -> None:
        self.where = where
        super().__init__(*args, **kwargs)

    def currency(self) -> str:
        """The currency of its amounts, such as "usd"; "" where there is none for all. One query at most."""
        return ""

    def question(self) -> str:
        """What to ask before these values are sent, after they were found right; "" where nothing is to be asked."""
        return ""

    def _clean_fields(self) -> None:
        """With each field of amounts told where the currency is known."""
        for field in self.fields.values():
            if hasattr(field, "currency"):
                field.currency = self.currency
        super()._clean_fields()  # type: ignore[misc]

    @cached_property
    def first(self) -> Operation | None:
        """What this very form made when it was sent before. One query."""
        token = str(self.data.get("form_token", ""))
        return Operation.objects.filter(form_token=token).first() if token else None

    def sent_before(self) -> bool:
        """Whether this very form was sent before: then it may be what made its own values impossible."""
        return self.first is not None


class RowForm(VerbForm):
    """What a verb asks for each of many rows. `common` is the form of what it asks once, `token` the row's."""

    def __init__(self, *args: Any, common: forms.Form, token: str, **kwargs: Any) -> None:
        self.common, self.token = common, token
        super().__init__(*args, **kwargs)


IDLE = "idle"  # the code of a form's error that says that nothing would change


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


class AmountField(forms.DecimalField):
    """An amount above zero in major units with at most two decimals, as usd, eur and gbp have.

    It is taken as it is printed here (console.operations.amounts); a currency beside it must be the form's.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal"})  # a number box would take 1e2 and drop what is wrong

    def __init__(self, *, least: str = "0.01", currency: Callable[[], str] = str, **options: Any) -> None:
        self.currency = currency  # asked only where it matters; "" where each row has its own
        super().__init__(min_value=Decimal(least), max_value=LARGEST, decimal_places=2, **options)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """The number, None for an empty field. Raises ValidationError."""
        text = value.strip() if isinstance(value, str) else value
        if not isinstance(text, str) or not text:
            return super().to_python(text)
        try:
            number, unit = amounts.read(text)
        except ValueError as problem:
            raise ValidationError(str(problem), code="invalid") from None
        self._check_currency(number, unit)
        return super().to_python(str(number))

    def _check_currency(self, number: Decimal, unit: str) -> None:
        if not unit and number == number.to_integral_value():
            return
        own = self.currency()
        if unit and not own:
            raise ValidationError("Write it without a currency here.", code="currency")
        if unit and unit != own:
            raise ValidationError(f"This is in {unit.upper()}, and here amounts are in {own.upper()}.", code="currency")
        if own and formats.decimals(own) == 0 and number != number.to_integral_value():
            raise ValidationError(f"{own.upper()} has no decimals.", code="currency")


class IdField(forms.CharField):
    """An id, however it was copied."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=255, **options)

    def to_python(self, value: Any) -> str:
        """Without quotes, brackets and stops round it."""
        return copied.tidy(super().to_python(value) or "")


class LineField(forms.CharField):
    """Text on one line, without what cannot be seen; as a name, it must show something."""

    def __init__(self, *, max_length: int = 255, **options: Any) -> None:
        super().__init__(max_length=max_length, validators=[legible], **options)


REASON_LENGTH = 10  # characters; fewer say nothing to whoever reads the audit trail


TOO_SHORT = f"Write at least {REASON_LENGTH} characters that can be read."


class ReasonField(forms.CharField):
    """Why staff do something, in words that somebody can read."""

    def __init__(self, *, max_length: int = 2000, **options: Any) -> None:
        super().__init__(
            min_length=REASON_LENGTH,
            max_length=max_length,
            validators=[self.says_something],
            error_messages={"min_length": TOO_SHORT},
            **options,
        )

    @staticmethod
    def says_something(value: str) -> None:
        """Count what can be read of it; of what is too short as it stands, the field says so itself."""
        if len(texts.readable(value)) < REASON_LENGTH <= len(value):
            raise ValidationError(TOO_SHORT)


SHOWN_AS = "•••"


def minor(amount: Decimal | str | None, currency: str) -> int | None:
    """An amount in major units as minor ones: "12.5" of usd is 1250; None for none."""
    if amount in (None, ""):
        return None
    return int(Decimal(str(amount)).scaleb(formats.decimals(currency)))
