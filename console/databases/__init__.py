"""Django's database backends with a limit on every wait: a database that is locked, or gone without a word."""
