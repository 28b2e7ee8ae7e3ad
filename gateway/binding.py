"""A database belongs to the mode and the platform account it was first used with.

Ids of one mode mean nothing in another; a mirror that mixed them would show accounts that do not exist.
"""

from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from gateway import client
from gateway.errors import Refused
from gateway.models import Binding

TAG = "gateway"  # of the system checks that must hold before anything of ours runs
HINT = "Use a database of its own for each mode and each platform account (DATABASE_URL)."


def trouble() -> str:
    """What is wrong with using this database in this mode, "" when nothing. Writes nothing."""
    if Binding._meta.db_table not in connection.introspection.table_names():
        return ""
    bound = Binding.objects.first()
    if bound is None or bound.mode == settings.CONSOLE_MODE:
        return ""
    return (
        f"This database was first used in {bound.mode} mode; the console is to start in {settings.CONSOLE_MODE} mode."
    )


def verify() -> None:
    """Bind the mode at the first start, and refuse another one at every later start. Makes no call to Stripe.

    Raises ImproperlyConfigured, also for every configuration error that `manage.py check` would find here.
    """
    found = [f"({error.id}) {error.msg} {error.hint}" for error in run_checks(tags=[TAG]) if error.is_serious()]
    if found:
        raise ImproperlyConfigured("\n".join(found))
    Binding.objects.get_or_create(id=1, defaults={"mode": settings.CONSOLE_MODE})
    if text := trouble():
        raise ImproperlyConfigured(f"(gateway.E013) {text} {HINT}")


def bind() -> Binding:
    """Bind the platform account too, or refuse another one. One call to Stripe.

    Raises ImproperlyConfigured; Unreachable when Stripe cannot be asked now.
    """
    verify()
    try:
        platform = client.get("/v1/account", account=None).data["id"]
    except Refused as error:
        raise ImproperlyConfigured(f"Stripe refuses STRIPE_SECRET_KEY: {error.message}") from None
    Binding.objects.filter(id=1, platform_account="").update(platform_account=platform)
    bound = Binding.objects.get(id=1)
    if bound.platform_account != platform:
        text = f"This database belongs to platform account {bound.platform_account}; the key belongs to {platform}."
        raise ImproperlyConfigured(f"(gateway.E014) {text} {HINT}")
    return bound
