"""The admin's lists of the console's own records."""
