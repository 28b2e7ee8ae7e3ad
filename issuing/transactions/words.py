"""Types of transactions in words."""

TRANSACTIONS = {"capture": "Capture", "refund": "Refund"}
