"""Numbers and dates are plain digits, whatever else Python would read as one."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.terms.forms import SecondField
from console.operations import amounts, fields
from console.operations.fields import AmountField, PlainDateField
from gateway.digits import is_whole, whole_number
from issuing.cardholders.forms import CardholderFields, check_decimals
from issuing.controls.forms import LimitsField

ODD = ("1e2", "1E2", "１０", "٣٤", "१२", "+5", "-5", "0x10", "1_000", "NaN", "Infinity", "-Infinity", "1 000")
ODDER = ("1\u00a0000", "12.", ".5", "1.2.3", "½", "²", "1\n2", "sNaN", "1.5e1", "１.5", "5\u0663", "0b1", "--1", "5-")


def problems(field: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        field.clean(value)
    return " ".join(caught.value.messages)


@pytest.mark.parametrize("text", [*ODD, *ODDER])
def test_an_amount_is_plain_digits(text: str) -> None:
    assert problems(AmountField(), text) == amounts.NUMBER


@pytest.mark.parametrize("text", [*ODD, *ODDER])
def test_a_limit_is_plain_digits(text: str) -> None:
    row = {"amount": text, "interval": "daily", "categories": ""}
    assert problems(LimitsField(), [row]) == f"Limit 1: {amounts.NUMBER}"


@pytest.mark.parametrize(("text", "amount"), [("12.50", "12.50"), (" 7 ", "7"), ("0.01", "0.01"), ("007", "7")])
def test_plain_digits_are_an_amount(text: str, amount: str) -> None:
    assert AmountField().clean(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["12.505", "0", "0.00", "1000000.00", "9" * 300])
def test_an_amount_stays_within_its_limits(text: str) -> None:
    assert problems(AmountField(), text)


def test_an_empty_amount_is_none_where_it_may_be() -> None:
    assert AmountField(required=False).clean("  ") is None


def test_an_amount_is_typed_into_a_box_that_keeps_what_was_typed() -> None:
    drawn = AmountField().widget.render("amount", "1e2")
    assert 'value="1e2"' in drawn
    assert 'type="text"' in drawn


@pytest.mark.parametrize(
    ("amount", "currency", "taken"),
    [("12.50", "usd", True), ("12.50", "jpy", False), ("12.00", "jpy", True), ("500", "jpy", True), ("", "jpy", True)],
)
def test_an_amount_has_no_more_decimals_than_its_currency(amount: str, currency: str, taken: bool) -> None:
    if taken:
        check_decimals(amount, currency)
    else:
        with pytest.raises(ValidationError, match="JPY has no decimals"):
            check_decimals(amount, currency)


@pytest.mark.parametrize("text", ["２０２６-01-01", "2026-٠١-01", "2026-01-0１"])
@pytest.mark.parametrize("field", [PlainDateField(), SecondField(), CardholderFields.base_fields["dob"]])
def test_a_date_is_plain_digits(field: Any, text: str) -> None:
    assert problems(field, text) == fields.DATE
    assert problems(field, f"{text}T10:00:00")


def test_a_plain_date_is_taken() -> None:
    assert PlainDateField().clean("2026-01-31") == date(2026, 1, 31)


@pytest.mark.parametrize("text", [*ODD, "1.0", ""])
def test_an_argument_of_a_command_is_plain_digits(text: str) -> None:
    with pytest.raises(ValueError):
        whole_number(text)
    assert not is_whole(text)


def test_plain_digits_are_an_argument() -> None:
    assert whole_number("0042") == 42
