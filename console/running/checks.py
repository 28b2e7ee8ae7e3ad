"""Configuration errors of the shell, as system checks with ids and hints."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from console.people import names, roles
from gateway import columns

LOOPBACK = ("localhost", "127.0.0.1", "::1")
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


@register(Tags.security)
def live_mail_is_encrypted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """In live mode mail crosses no network in the clear: an address of staff and the server's password are in it."""
    plain = settings.EMAIL_HOST and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL)
    if settings.CONSOLE_MODE != "live" or not plain or settings.EMAIL_HOST in LOOPBACK:
        return []
    hint = "Use smtp+tls:// (STARTTLS) or smtp+ssl://, or a server on this machine."
    return [Error("EMAIL_URL sends mail unencrypted in live mode.", hint=hint, id="console.E007")]


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
