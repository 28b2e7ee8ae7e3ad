"""Types of balance transactions in words."""

TYPES = {
    "issuing_authorization_hold": "Held by an authorization",
    "issuing_authorization_release": "Hold released",
    "issuing_dispute": "Dispute won",
    "issuing_transaction": "Capture or refund",
    "payout": "Payout",
    "topup": "Top-up",
    "transfer": "Transfer",
}


def type_words(name: str) -> str:
    """A balance transaction's type in words; an unknown one as it came."""
    return TYPES.get(name, name)
