"""A believable world of accounts, cards and authorizations, made through the sandbox's API alone."""
