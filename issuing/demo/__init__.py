"""A believable world of accounts, cards and purchases, made through the sandbox's API alone."""
