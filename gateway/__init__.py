"""The one door to Stripe."""
