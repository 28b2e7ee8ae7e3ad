"""Other API versions than ours: which are taken, and how a request of an older one is written in ours.

Only differences that Stripe's changelog names are here; anything else is read as in our version.
"""

import re

from sandbox.wire.description import Description, Operation
from sandbox.wire.parameters import Fields, words
from sandbox.world.errors import invalid

PREVIEW = re.compile(r"\d{4}-\d\d-\d\d\.preview", re.ASCII)
BETAS = re.compile(r"( ?; ?\w+=v\d+)*", re.ASCII)
# (method, path, parameter): the date up to which a parameter took these values, each with what it is called today.
FORMER = {
    ("POST", "/v1/accounts/{id}/reject", "reason"): (
        "2026-10-28",
        {"fraud": "fraud_other", "other": "other", "terms_of_service": "terms_of_service"},
    ),
}


def is_known(description: Description, given: str) -> bool:
    """Whether a `Stripe-Version` is taken: a version of the description's or a preview, with or without betas."""
    version = given.partition(";")[0].rstrip()
    known = version in description.versions or PREVIEW.fullmatch(version)
    return bool(known and BETAS.fullmatch(given[len(version) :]))


def in_our_words(operation: Operation, version: str, fields: Fields) -> Fields:
    """The fields of a request in the values of our version. Raises StripeError for values that its own did not know."""
    translated: Fields = []
    for name, value in fields:
        changed, values = FORMER.get((operation.method, operation.template, name), ("", {}))
        if version[:10] < changed and isinstance(value, str) and value:
            if value not in values:
                raise invalid(f"Invalid {name}: must be one of {words(list(values))}", param=name)
            value = values[value]
        translated.append((name, value))
    return translated
