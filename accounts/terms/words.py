"""The agreements, where Stripe keeps their acceptances, and how staff know of one."""

from datetime import datetime

ISSUING, SERVICES = "issuing", "services"
AGREEMENTS = {ISSUING: "Issuing terms", SERVICES: "Stripe’s services agreement"}
PATHS = {ISSUING: "settings.card_issuing.tos_acceptance", SERVICES: "tos_acceptance"}  # in the account
HOW = {
    "application": "Our application’s records: the holder was signed in and ticked it there",
    "signed_document": "A document signed online, with the signing service’s record of date and address",
    "email": "An e-mail of the representative that names the agreement",
}
TEST_VALUES = "test_values"
HOW_SHORT = {
    "application": "our application’s records",
    "signed_document": "a document signed online",
    "email": "an e-mail",
    TEST_VALUES: "test values",
}


def to_the_second(at: datetime | None) -> str:
    """24 Nov 2026, 14:09:03 UTC; "" for None."""
    return f"{at:%-d %b %Y, %H:%M:%S} UTC" if at else ""
