"""Why Issuing of an account is off, now and then, and what can be done."""
