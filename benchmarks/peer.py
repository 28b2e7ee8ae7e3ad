"""dj-stripe as its own documentation has it, in one file and a venv of its own: the same events, the same Stripe.

It keeps accounts by its own handlers. It has no models of Issuing, so a handler of ten lines keeps the JSON of cards
and authorizations, newest last; balances are not read. Events are applied inside the request, as dj-stripe does.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

ENDPOINT = "5a1f7a3e-0c5e-4a53-9c58-0123456789ab"
PATH = f"/stripe/webhook/{ENDPOINT}/"


def setup() -> None:
    """Settings from PEER_DATABASE (its name), PEER_STRIPE (Stripe's address) and PEER_SECRET."""
    settings.configure(
        SECRET_KEY="peer",
        ROOT_URLCONF="benchmarks.peer",
        ALLOWED_HOSTS=["127.0.0.1"],
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": os.environ["PEER_DATABASE"],
                "USER": "postgres",
                "HOST": "127.0.0.1",
                "CONN_MAX_AGE": 600,
            }
        },
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STRIPE_TEST_SECRET_KEY="sk_test_peer",
        STRIPE_LIVE_MODE=False,
        DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
        LOGGING={"version": 1, "disable_existing_loggers": True},
    )
    django.setup()
    import stripe

    stripe.api_base = os.environ["PEER_STRIPE"]


def handlers() -> None:
    """Keep the objects of Issuing as JSON."""
    from django.db import connection
    from djstripe.event_handlers import djstripe_receiver
    from psycopg.types.json import Jsonb

    kept = "INSERT INTO kept VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET data = excluded.data"

    @djstripe_receiver(["issuing_card.updated", "issuing_authorization.created", "issuing_authorization.updated"])
    def keep(sender: object, event: object, **its: object) -> None:
        data = event.data["object"]  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            cursor.execute(kept, [data["id"], Jsonb(data)])


def prepare() -> None:
    """Its tables, and the endpoint that signs with PEER_SECRET."""
    from django.db import connection
    from djstripe.models import APIKey, WebhookEndpoint

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id text PRIMARY KEY, data jsonb)")
    APIKey.objects.create(type="secret", secret="sk_test_peer", livemode=False)
    WebhookEndpoint.objects.create(
        id="we_1Peer",
        livemode=False,
        djstripe_uuid=ENDPOINT,
        secret=os.environ["PEER_SECRET"],
        url=f"http://127.0.0.1{PATH}",
        enabled_events=["*"],
        status="enabled",
    )


if "PEER_DATABASE" in os.environ:
    setup()
    urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]
    if __name__ == "__main__":
        prepare()
        sys.exit()
    handlers()
    application = get_wsgi_application()
