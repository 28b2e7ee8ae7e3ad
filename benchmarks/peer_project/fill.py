"""`python -m benchmarks.peer_project.fill MIX SECRET`: what dj-stripe has before the events, and its endpoint.

That is its platform with the key and the half of the accounts, cards and authorizations that our mirror has as well.
"""

import json
import sys
from pathlib import Path
from typing import Any

import django

ENDPOINT = "5b3e1c1e-6f0a-4c55-9d0e-2f4d2a7f0b11"
PLATFORM = "acct_1Platform"


def fill(described: dict[str, Any], secret: str) -> None:
    """Write the rows."""
    from django.conf import settings
    from djstripe.models import Account, APIKey, IssuingAuthorization, IssuingCard, WebhookEndpoint

    from benchmarks import mix

    Account.objects.create(id=PLATFORM, stripe_data={"id": PLATFORM, "object": "account"})
    APIKey.objects.create(
        secret=settings.STRIPE_TEST_SECRET_KEY, type="secret", livemode=False, djstripe_owner_account_id=PLATFORM
    )
    WebhookEndpoint.objects.create(
        id="we_1Bench",
        djstripe_uuid=ENDPOINT,
        djstripe_owner_account_id=PLATFORM,
        secret=secret,
        livemode=False,
        status="enabled",
        enabled_events=["*"],
        url="http://127.0.0.1/",
    )
    models = {"account": Account, "issuing.card": IssuingCard, "issuing.authorization": IssuingAuthorization}
    for kind, objects in mix.Mix(**described).known():
        models[kind].objects.bulk_create(
            [
                models[kind](
                    id=data["id"],
                    djstripe_owner_account_id=PLATFORM if kind == "account" else owner,
                    livemode=False,
                    metadata=data.get("metadata"),
                    stripe_data=data,
                )
                for owner, data in objects
            ],
            batch_size=500,
        )


if __name__ == "__main__":
    django.setup()
    fill(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2])
