"""The admin's lists of the console's own records, and of gateway's events: autodiscover finds them here."""

from console import admin_records  # noqa: F401
