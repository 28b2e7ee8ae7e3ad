"""A database belongs to the mode and the platform account it was first used with.

Ids of one mode mean nothing in another; a mirror that mixed them would show accounts that do not exist.
"""

import hashlib

from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from gateway import client, columns
from gateway.errors import Refused, Unreachable
from gateway.models import Binding

TAG = "gateway"  # of the system checks that must hold before anything of ours runs
HINT = "Use a database of its own for each mode and each platform account (DATABASE_URL)."


def trouble() -> tuple[str, str]:
    """(id, sentence) of what is wrong with using this database with this mode and key; ("", "") for nothing.

    Writes nothing and calls nobody: the key's digest is compared with the one that `bind` has verified.
    """
    names = {"mode", "platform_account", "key_digest"} & columns.existing(Binding)  # an older release's has fewer
    bound = Binding.objects.values(*names).first() if names else None
    if bound and bound["mode"] != settings.CONSOLE_MODE:
        words = f"in {bound['mode']} mode; the console is to start in {settings.CONSOLE_MODE} mode."
        return "gateway.E013", f"This database was first used {words}"
    if bound and bound.get("key_digest", "") not in ("", digest(settings.STRIPE_SECRET_KEY)):
        account = bound["platform_account"]
        words = f"belongs to platform account {account}, and STRIPE_SECRET_KEY was not seen with it yet."
        return "gateway.E014", f"This database {words} `manage.py bind` asks Stripe whose key it is."
    return "", ""


def digest(key: str) -> str:
    """SHA-256 of a key of Stripe's: enough to compare keys, of no use as one."""
    return hashlib.sha256(f"console binding {key}".encode()).hexdigest()


def verify() -> None:
    """Bind the mode at the first start; refuse another mode, or a key not verified, later. Makes no call to Stripe.

    Raises ImproperlyConfigured, also for every configuration error that `manage.py check` would find here.
    """
    _verify_mode()
    _refuse(*trouble())


def check_command() -> None:
    """End a management command in one line (CommandError) where the database is not for this mode or key."""
    identity, words = trouble()
    if identity:
        raise CommandError(f"({identity}) {words} {HINT}")


def _verify_mode() -> None:
    found = [f"({error.id}) {error.msg} {error.hint}" for error in run_checks(tags=[TAG]) if error.is_serious()]
    if found:
        raise ImproperlyConfigured("\n".join(found))
    if columns.lacking(Binding):
        raise ImproperlyConfigured("(gateway.E015) This database is not migrated yet. Run `manage.py migrate` first.")
    Binding.objects.get_or_create(id=1, defaults={"mode": settings.CONSOLE_MODE})
    identity, text = trouble()
    if identity == "gateway.E013":
        _refuse(identity, text)


def _refuse(identity: str, text: str) -> None:
    if identity:
        raise ImproperlyConfigured(f"({identity}) {text} {HINT}")


def bind() -> Binding:
    """Bind the platform account too, or refuse another one. One call to Stripe. A new key of the same account is taken.

    Raises ImproperlyConfigured; Unreachable when Stripe cannot be asked about a key that is not known here.
    """
    _verify_mode()
    try:
        platform = client.get("/v1/account", account=None).data["id"]
    except Refused as error:
        raise ImproperlyConfigured(f"Stripe refuses STRIPE_SECRET_KEY: {error.message}") from None
    except Unreachable:
        _refuse(*trouble())
        raise
    Binding.objects.filter(id=1, platform_account="").update(platform_account=platform)
    bound = Binding.objects.get(id=1)
    if bound.platform_account != platform:
        text = f"This database belongs to platform account {bound.platform_account}; the key belongs to {platform}."
        _refuse("gateway.E014", text)
    bound.key_digest = digest(settings.STRIPE_SECRET_KEY)
    bound.save(update_fields=["key_digest"])
    return bound
