"""Stripe's values of cardholders in words; what the tables lack stays as it came."""

from dataclasses import dataclass

from console.shell import formats
from console.shell.moves import HOLDER, STAFF, STRIPE

# What a cardholder's requirements ask for: requirements.past_due, one sentence for all keys that begin alike.
PAST_DUE = {
    "company.tax_id": ("The company’s tax ID", STAFF),
    "individual.card_issuing.user_terms_acceptance": ("Acceptance of the authorized-user terms, by themselves", HOLDER),
    "individual.dob": ("Date of birth", STAFF),
    "individual.first_name": ("First name", STAFF),
    "individual.last_name": ("Last name", STAFF),
    "individual.verification.document": ("A document that proves who they are", HOLDER),
}
DISABLED = {
    "listed": ("Stripe compares the cardholder with sanctions lists.", STRIPE),
    "rejected.listed": ("Stripe found the cardholder on a sanctions list and blocked them for good.", STRIPE),
    "requirements.past_due": ("Each card of this cardholder is declined until Stripe has what it asks for.", STAFF),
    "under_review": ("Stripe is looking at the cardholder; until then each of their cards is declined.", STRIPE),
}


@dataclass(frozen=True)
class Asked:
    """One thing that Stripe asks of a cardholder, its keys, and whose move it is."""

    title: str
    move: str
    keys: tuple[str, ...]


def asked(past_due: list[str]) -> list[Asked]:
    """Past-due keys in words, several keys of one thing as one. An unknown key stays as it came."""
    found: dict[tuple[str, str], list[str]] = {}
    for key in past_due:
        begin = next((name for name in PAST_DUE if key == name or key.startswith(f"{name}.")), "")
        found.setdefault(PAST_DUE.get(begin, (key, STAFF)), []).append(key)
    return [Asked(title, move, tuple(keys)) for (title, move), keys in found.items()]


def disabled(why: str) -> tuple[str, str]:
    """(sentence, whose move) of a cardholder's requirements.disabled_reason."""
    return DISABLED.get(why) or (f"Stripe says {why}.", STRIPE)


TYPES = {"individual": "Individual", "company": "Company", "virtual": "Virtual", "physical": "Physical"}


def type_word(value: str) -> str:
    """A type of cardholder or card; one that is not known as its words."""
    return TYPES.get(value) or formats.plain(value)
