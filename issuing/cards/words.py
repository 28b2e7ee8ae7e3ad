"""A card as pages print it, read back."""

import re

LAST_FOUR = re.compile(
    r"(?:card\s*)?(?:(?:that\s+)?end(?:ing|s)\s*(?:in|with)?\s*)?[•·∙●*.…x#\s-]*([0-9]{4})", re.IGNORECASE
)


def last_four(text: str) -> str:
    """The digits of a card as it is printed ("•• 4302", "Card •••• 4302", "4302") or said ("ending in 4302").

    "" for anything else.
    """
    found = LAST_FOUR.fullmatch(text.strip())
    return found[1] if found else ""
