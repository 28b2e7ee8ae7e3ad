"""Types of balance transactions in words."""

MOVEMENTS = {
    "issuing_authorization_hold": "Held by an authorization",
    "issuing_authorization_release": "Hold released",
    "issuing_dispute": "Dispute won",
    "issuing_transaction": "Purchase or refund",
    "payout": "Payout",
    "topup": "Top-up",
    "transfer": "Transfer",
}
