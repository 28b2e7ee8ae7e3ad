"""Configuration errors of mode, key and address, as system checks with ids and hints."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution

from gateway import addresses, binding, endpoints

MODES = ("sandbox", "test", "live")
KEY_MODES = {"sk_test_": "test", "rk_test_": "test", "sk_live_": "live", "rk_live_": "live"}
SECOND_FACTOR = "console.middleware.second_factor"


@register(binding.TAG)
def mode_and_key(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The mode, the key and the address of Stripe belong together."""
    if settings.CONSOLE_MODE not in MODES:
        return [
            Error(
                f"CONSOLE_MODE is {settings.CONSOLE_MODE!r}, which is no mode.",
                hint="Set CONSOLE_MODE to sandbox, test or live. With STRIPE_SECRET_KEY set it must be named.",
                id="gateway.E001",
            )
        ]
    return [*_key(settings.CONSOLE_MODE, settings.STRIPE_SECRET_KEY), *_address(settings.CONSOLE_MODE)]


@register(binding.TAG)
def live(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Live mode starts only when all of this holds."""
    return list(_live()) if settings.CONSOLE_MODE == "live" else []


@register(binding.TAG)
def webhook_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without the secrets no event is taken: an error in live mode, a warning while test mode is being set up."""
    severity = {"live": (Error, "gateway.E010"), "test": (Caution, "gateway.W001")}.get(settings.CONSOLE_MODE)
    if severity is None:
        return []
    made, identity = severity
    hint = "Run `manage.py register_webhooks`; it prints the value once."
    missing = [name for name in endpoints.SETTINGS.values() if not getattr(settings, name)]
    return [made(f"{name} is not set in {settings.CONSOLE_MODE} mode.", hint=hint, id=identity) for name in missing]


@register(Tags.database)
def database_binding(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Mode and key are those of this database. Asked where databases are: migrate, worker, `check --database`."""
    identity, words = binding.trouble() if "default" in (databases or ()) else ("", "")
    return [Error(words, hint=binding.HINT, id=identity)] if identity else []


def key_mode(key: str) -> str:
    """Which of Stripe's modes a secret or restricted key opens: "test", "live", or "" for anything else."""
    return KEY_MODES.get(key[:8], "")


def _key(mode: str, key: str) -> Iterator[CheckMessage]:
    if not key:
        yield Error(
            f"STRIPE_SECRET_KEY is not set in {mode} mode.",
            hint="Set STRIPE_SECRET_KEY, or CONSOLE_MODE=sandbox to work without Stripe.",
            id="gateway.E002",
        )
    elif not key_mode(key):
        yield Error(
            "STRIPE_SECRET_KEY is not a secret or restricted key of Stripe's.",
            hint="It begins with sk_test_, rk_test_, sk_live_ or rk_live_.",
            id="gateway.E003",
        )
    elif mode != "live" and key_mode(key) == "live":
        yield Error(
            f"STRIPE_SECRET_KEY is a live key in {mode} mode.",
            hint="Use a test key, or CONSOLE_MODE=live with a database of its own.",
            id="gateway.E004",
        )
    elif mode == "live" and key_mode(key) == "test":
        yield Error(
            "STRIPE_SECRET_KEY is a test key in live mode.",
            hint="Use a live key, or CONSOLE_MODE=test with a database of its own.",
            id="gateway.E005",
        )


def _address(mode: str) -> Iterator[CheckMessage]:
    """The value is not shown: before an @ there may be a key."""
    if addresses.allowed(mode, settings.STRIPE_API_BASE):
        return
    if mode == "sandbox":
        yield Error(
            "STRIPE_API_BASE is not an address of this machine in sandbox mode.",
            hint="The sandbox answers on this machine's loopback address. Leave STRIPE_API_BASE unset.",
            id="gateway.E006",
        )
    else:
        others = " or, in test mode, a stand-in on this machine's loopback address" if mode == "test" else ""
        yield Error(
            f"STRIPE_API_BASE is not Stripe's own address in {mode} mode: the key would be sent elsewhere.",
            hint=f"Leave STRIPE_API_BASE unset: it is {addresses.OWN['api']}{others}.",
            id="gateway.E007",
        )


def _live() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error("DEBUG is on in live mode.", hint="Set DEBUG=false.", id="gateway.E008")
    if not settings.CONSOLE_URL.startswith("https://"):
        yield Error(
            f"CONSOLE_URL is {settings.CONSOLE_URL} in live mode.",
            hint="Serve the console over https and set CONSOLE_URL to that address.",
            id="gateway.E009",
        )
    if settings.DEMO_USERS:
        yield Error(
            "DEMO_USERS is on in live mode.",
            hint="Set DEMO_USERS=false and make users with `manage.py createsuperuser`.",
            id="gateway.E011",
        )
    if SECOND_FACTOR not in settings.MIDDLEWARE:
        yield Error(
            "No second factor is enforced, and live mode does not start without one.",
            hint=f"{SECOND_FACTOR} is not part of this release. Use CONSOLE_MODE=test until it is.",
            id="gateway.E012",
        )
