"""A card as pages print it, read back; and what is said of a card that is canceled."""

import re

CANCELLATION_REASONS = {"": "None of these", "lost": "Lost", "stolen": "Stolen"}
LOST = ("lost", "stolen")  # what a caller reports
# How whoever called to report a card was verified, before it was canceled.
VERIFIED = {
    "called_back": "Called back on the number on file",
    "code": "Repeated a code sent to the address on file",
    "questions": "Knowledge questions",
    "in_person": "In person, with a document",
}

LAST_FOUR = re.compile(
    r"(?:card\s*)?(?:(?:that\s+)?end(?:ing|s)\s*(?:in|with)?\s*)?[•·∙●*.…x#\s-]*([0-9]{4})", re.IGNORECASE
)


def last_four(text: str) -> str:
    """The digits of a card as it is printed ("•• 4302", "Card •••• 4302", "4302") or said ("ending in 4302").

    "" for anything else.
    """
    found = LAST_FOUR.fullmatch(text.strip())
    return found[1] if found else ""
