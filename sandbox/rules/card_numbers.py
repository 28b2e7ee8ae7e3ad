"""Test numbers of virtual cards, made from a card's id: the same for the same card, never stored, never valid.

They begin with 4000 0099 9, as those of Stripe's test mode do, which no bank issues.
"""

from hashlib import sha256

PREFIX = "400000999"


def number(card_id: str, last4: str) -> str:
    """Sixteen digits that end in `last4` and pass Luhn's check."""
    free = f"{int(sha256(card_id.encode()).hexdigest(), 16) % 100:02d}"
    return next(full for digit in range(10) if luhn(full := f"{PREFIX}{free}{digit}{last4}"))


def cvc(card_id: str) -> str:
    """Three digits."""
    return f"{int(sha256(f'cvc of {card_id}'.encode()).hexdigest(), 16) % 1000:03d}"


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0
