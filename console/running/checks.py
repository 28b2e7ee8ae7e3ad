"""Configuration errors of the shell, as system checks with ids and hints."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from console.people import names, roles
from gateway import columns

DEMO_NAMES = ("demo", "ana", "otto", "sam", "vera")


@register(Tags.models)
def roles_name_real_permissions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A role must not name a permission that no model declares."""
    return [
        Error(
            f"A role names {name}, which no model declares.",
            hint="See the `roles` in that noun's noun.py.",
            id="console.E005",
        )
        for name in roles.unknown()
    ]


@register(Tags.database)
def live_has_no_demo_users(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """In live mode no user may carry a demo user's name. Asked with `check --database default`, as at migrate."""
    if settings.CONSOLE_MODE != "live" or "default" not in (databases or ()):
        return []
    from console.people.models import User

    if not {"username", "is_active"} <= columns.existing(User):
        return []
    active = User.objects.filter(is_active=True).values_list("username", flat=True)
    return [
        Error(f"The demo user {name} exists in live mode.", hint="Disable it.", id="console.E006")
        for name in active
        if names.key(name) in DEMO_NAMES
    ]
