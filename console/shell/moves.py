"""Whose move it is: who must act next on what is asked."""

STAFF, HOLDER, STRIPE = "staff", "holder", "stripe"
WORDS = {STAFF: ("pen", "Staff"), HOLDER: ("person", "Holder"), STRIPE: ("stripe", "Stripe")}  # sign and word
