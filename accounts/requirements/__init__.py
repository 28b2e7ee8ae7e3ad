"""What Stripe asks of an account."""
