"""The shell: Django's admin with our site, and the console's own app."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig


class ConsoleAdminConfig(AdminConfig):
    """Django's admin app with ConsoleSite as its one site."""

    default_site = "console.shell.site.ConsoleSite"


class ConsoleConfig(AppConfig):
    """Operations, view-as, roles, audit. Finds what the rooms add in their panels.py and verbs.py."""

    name = "console"

    def ready(self) -> None:
        """Load system checks, what follows a sign-in or a migration, and every room's verbs and panels."""
        from console.operations import door
        from console.people import sign_in  # noqa: F401
        from gateway import inbox

        inbox.on_settled(door.on_events)
        from console.shell import panels  # noqa: F401

        for room in apps.get_app_configs():
            for noun in getattr(room, "nouns", ()):
                for part in ("noun", "verbs"):
                    if find_spec(f"{room.name}.{noun}.{part}"):
                        import_module(f"{room.name}.{noun}.{part}")
