"""The shell: Django's admin with our site, and the console's own app."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleAdminConfig(AdminConfig):
    """Django's admin app with ConsoleSite as its one site."""

    default_site = "console.site.ConsoleSite"


class ConsoleConfig(AppConfig):
    """Operations, view-as, roles, audit. Finds what the rooms add in their panels.py and verbs.py."""

    name = "console"

    def ready(self) -> None:
        """Load system checks, what follows a sign-in or a migration, and every room's verbs and panels."""
        from console import checks, operations, sign_in  # noqa: F401
        from gateway import inbox

        inbox.on_settled(operations.on_events)
        autodiscover_modules("verbs")
        autodiscover_modules("panels")
