"""What the console prints is what its forms, commands and boxes take; what can be read in two ways is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.template import engines

from accounts.terms.forms import SecondField
from console.operations import amounts, dates
from console.operations.fields import AmountField, IdField, PlainDateField, PlainDateTimeField
from console.shell import formats
from gateway import copied

# Amounts


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("2000", "usd", "2000"),
        ("2,000", "usd", "2000"),
        ("1,000.00", "usd", "1000.00"),
        ("1,000.5", "usd", "1000.5"),
        ("999,999.99", "usd", "999999.99"),
        ("$50", "usd", "50"),
        ("$ 50", "usd", "50"),
        ("US$50", "usd", "50"),
        ("$1,000.00", "usd", "1000.00"),
        ("£20", "gbp", "20"),
        ("20 €", "eur", "20"),
        ("20 USD", "usd", "20"),
        ("20.00\u00a0USD", "usd", "20.00"),
        ("usd 20", "usd", "20"),
        ("$20 USD", "usd", "20"),
        ("2,000 JPY", "jpy", "2000"),
        ("¥2,000", "jpy", "2000"),
        ("2,000.00", "jpy", "2000.00"),
    ],
)
def test_an_amount_is_taken_as_it_is_printed(text: str, currency: str, amount: str) -> None:
    assert AmountField(currency=lambda: currency).clean(text) == Decimal(amount)


@pytest.mark.parametrize("currency", ["usd", "gbp", "eur", "jpy"])
@pytest.mark.parametrize("minor", [1, 99, 100, 12345, 99_999_999])
def test_every_amount_that_is_printed_is_read_back(minor: int, currency: str) -> None:
    for printed in (formats.amount(minor, currency), formats.money(minor, currency)):
        read, unit = amounts.read(printed)
        assert int(read.scaleb(formats.decimals(currency))) == minor
        assert unit in ("", currency)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1.000,00", amounts.AMBIGUOUS),
        ("1,00", amounts.AMBIGUOUS),
        ("10,5", amounts.AMBIGUOUS),
        ("1.000", amounts.AMBIGUOUS),
        ("1.000.000", amounts.AMBIGUOUS),
        ("12,34,567", amounts.AMBIGUOUS),
        ("1000,000", amounts.AMBIGUOUS),
        ("1,000,00", amounts.AMBIGUOUS),
        (",50", amounts.NUMBER),
        ("−700.00", amounts.NUMBER),
        ("$-5", amounts.NUMBER),
        ("$", amounts.NUMBER),
        ("１０ USD", amounts.NUMBER),
        ("1'000", amounts.NUMBER),
        ("£20 USD", amounts.TWO_UNITS),
        ("£20", "This is in GBP, and here amounts are in USD."),
        ("20 EUR", "This is in EUR, and here amounts are in USD."),
    ],
)
def test_an_amount_that_says_two_things_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AmountField(currency=lambda: "usd").clean(text)
    assert caught.value.messages == [problem]


@pytest.mark.parametrize("text", ["10.50", "10.5 JPY", "¥0.5"])
def test_a_currency_without_decimals_has_none(text: str) -> None:
    with pytest.raises(ValidationError, match="JPY has no decimals"):
        AmountField(currency=lambda: "jpy").clean(text)


def test_where_each_row_has_its_own_currency_none_is_named() -> None:
    assert AmountField().clean("2,000.50") == Decimal("2000.50")
    with pytest.raises(ValidationError, match="without a currency"):
        AmountField().clean("$50")


# Dates

AT = datetime(2026, 3, 3, 4, 9, 7, tzinfo=UTC)
FILTERS = (
    "when",
    "in_list",
    "exact",
    "day",
    "band_clock",
    "date:'l, j F Y'",
    "date:'D j M Y, H:i:s'",
    "date",
    "date:'c'",
)


@pytest.mark.parametrize("name", FILTERS)
def test_every_date_of_a_page_is_read_back(name: str) -> None:
    drawn = engines["django"].from_string(f"{{{{ at|{name}|striptags }}}}").render({"at": AT})
    at = PlainDateTimeField().clean(drawn)
    assert at is not None
    assert at.astimezone(UTC) in (AT, AT.replace(second=0), AT.replace(hour=0, minute=0, second=0))
    assert PlainDateField().clean(drawn) == AT.date()


@pytest.mark.parametrize("text", ["2026-03-03 04:09:07 UTC", "2026-03-03T04:09:07Z", "3 Mar 2026, 04:09:07 UTC"])
def test_a_moment_of_the_trail_is_read_back(text: str) -> None:
    assert SecondField().clean(text) == AT


@pytest.mark.parametrize(
    "text",
    [
        "31 Feb 2026",
        "Mon 3 Mar 2026",
        "3 Mrz 2026",
        "3/4/2026",
        "03.04.2026",
        "3 Mar 26",
        "3 Mar 2026, 25:00 UTC",
        "Mar",
    ],
)
def test_what_is_no_date_or_two_is_refused(text: str) -> None:
    assert dates.read(text) is None
    for field in (PlainDateField(), PlainDateTimeField()):
        with pytest.raises(ValidationError):
            field.clean(text)


def test_what_a_browsers_own_box_would_drop_is_shown_in_a_plain_one() -> None:
    assert 'type="text"' in PlainDateTimeField().widget.render("at", "3 Mar 2026")
    assert 'type="datetime-local"' in SecondField().widget.render("at", "2026-03-03T04:09:07")
    assert 'type="date"' in PlainDateField().widget.render("dob", date(2026, 3, 3))
    assert 'value="2026-03-03"' in PlainDateField().widget.render("dob", date(2026, 3, 3))


# Ids

ROUND = [
    "{}",
    " {} ",
    "“{}”",
    '"{}"',
    "'{}'",
    "`{}`",
    "({})",
    "{},",
    "{}.",
    "{};",
    "\u200b{}\u00a0",
    "<{}>",
    "{}\n",
    "«{}»:",
]


@pytest.mark.parametrize("shape", ROUND)
@pytest.mark.parametrize("own", ["ic_1Abc", "acct_1R4b", "ich_1", "evt_1X_y", "0b5f7d0e-3c1a-4f6e-9d2b-7a8c9e0f1a2b"])
def test_an_id_is_taken_with_what_came_along(shape: str, own: str) -> None:
    assert IdField().clean(shape.format(own)) == own


@pytest.mark.parametrize("text", ["Kestrel, Inc.", "“Kestrel”", "ic_1 ic_2", "200.", "(415) 555-0123"])
def test_what_is_no_id_is_left_as_it_is(text: str) -> None:
    assert copied.tidy(f" {text} ") == text
