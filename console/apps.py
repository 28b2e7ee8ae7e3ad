"""The shell: Django's admin with our site, and the console's own app."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConsoleAdminConfig(AdminConfig):
    """Django's admin app with ConsoleSite as its one site."""

    default_site = "console.shell.site.ConsoleSite"


class ConsoleConfig(AppConfig):
    """Operations, view-as, roles, audit. Loads every noun that a room names."""

    name = "console"
    nouns = ("operations", "approvals", "bulk", "brakes", "viewing", "people", "record", "jobs", "mail", "shell")

    def ready(self) -> None:
        """Load system checks, what follows a sign-in or a migration, and every room's nouns."""
        from console.approvals import checks as approval_checks  # noqa: F401
        from console.people import sign_in  # noqa: F401
        from console.running import checks  # noqa: F401
        from console.shell import nouns

        nouns.load()
