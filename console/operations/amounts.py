"""Amounts as people type them and as the console prints them: 2000, 2,000, 1,000.00, $50, 20 USD. Pure."""

import re
from decimal import Decimal

SIGNS = {"$": "usd", "US$": "usd", "€": "eur", "£": "gbp", "¥": "jpy"}
UNIT = r"US\$|[$€£¥]|[A-Za-z]{3}"
AMOUNT = re.compile(rf"({UNIT})?\s?([0-9][0-9.,]*)\s?({UNIT})?")
PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?")
GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
POINTS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")  # a thousand where people write a comma before decimals

NUMBER = "Write it in plain digits, such as 1250 or 12.50."
AMBIGUOUS = "This can be read in two ways. Write 1000 or 1,000.00: a comma between thousands, a point before decimals."
TWO_UNITS = "This names two currencies."


def read(text: str, places: int = 2) -> tuple[Decimal, str]:
    """The number, and the currency where one stands beside it ("usd"), else "". `places`: decimals of the currency.

    Raises ValueError with the sentence for who typed it. Only digits 0 to 9 are digits; there is no sign.
    """
    found = AMOUNT.fullmatch(text.strip())
    if found is None:
        raise ValueError(NUMBER)
    number = found[2]
    if not (PLAIN.fullmatch(number) or GROUPED.fullmatch(number)) or (POINTS.fullmatch(number) and places != 3):
        raise ValueError(AMBIGUOUS if "," in number or POINTS.fullmatch(number) else NUMBER)
    units = {SIGNS.get(unit, unit.lower()) for unit in (found[1], found[3]) if unit}
    if len(units) > 1:
        raise ValueError(TWO_UNITS)
    return Decimal(number.replace(",", "")), "".join(units)
