"""What staff do at Stripe: verbs, the one door, and what came of each act."""
