"""The ledger of accepted and cleared terms, and the rules of what may be recorded (docs.stripe.com/issuing/connect).

The 29-day rule: an application that Issuing has not taken up in time loses its acceptance, and Stripe asks for a new
one. Stripe then forgets who had accepted what, and when; this ledger does not.
"""

ISSUING, SERVICES = "issuing", "services"
AGREEMENTS = {ISSUING: "Issuing terms", SERVICES: "Stripe’s services agreement"}
PATHS = {ISSUING: ("settings", "card_issuing", "tos_acceptance"), SERVICES: ("tos_acceptance",)}
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
