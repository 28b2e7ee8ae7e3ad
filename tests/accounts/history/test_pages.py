"""The timeline of an account: on its page, and as its activity."""

import pytest
from django.utils import timezone

from accounts.account.models import Account
from console.operations.models import Operation
from gateway.models import Event
from tests.accounts import builders
from tests.accounts.builders import URL, requirements
from tests.people import browser, person, view_as

pytestmark = pytest.mark.django_db


def stored(event_id: str, kind: str, created: int, state: str = "done") -> None:
    """A stored event that no history row tells of."""
    Event.objects.create(
        id=event_id,
        account="acct_1Kestrel",
        type=kind,
        created=created,
        livemode=False,
        payload={},
        received_at=timezone.now(),
        state=state,
    )


def test_activity_is_seen_only_while_viewing_as_the_account(kestrel: Account) -> None:
    client = browser("sam")
    assert client.get("/acct_1Kestrel/activity").status_code == 302
    view_as(client, "acct_1Kestrel")
    assert client.get("/acct_1Kestrel/activity").status_code == 200


def test_timeline_merges_operations_events_and_sessions(kestrel: Account) -> None:
    otto = person("otto")
    Operation.objects.create(
        verb="accounts.refresh", user=otto, account_id=kestrel.pk, reason="Because of this", key="k", form_token="t",
        state="refused", error_code="account_invalid",
    )  # fmt: skip
    data = builders.account_data(requirements=requirements(currently_due=["company.phone"]))
    told = Event(id="evt_1Told", account=kestrel.pk, type="account.updated", created=1_790_000_500, livemode=False,
                 payload={"data": {"object": data, "previous_attributes": {"requirements": {"currently_due": []}}}},
                 received_at=timezone.now(), state="done")  # fmt: skip
    told.save()
    Account.witness(told)
    stored("evt_2Dead", "person.updated", 1_790_000_600, state="dead")
    client = browser("otto")
    view_as(client, kestrel.pk)
    page = client.get(f"{URL}?tab=timeline").content.decode()
    ours = ("refresh account", "Stripe refused it", "account_invalid", "viewed as this account, look only")
    for words in (*ours, "Stripe asks for:", "person.updated", "dead"):
        assert words in page, words
    client.get(f"/{kestrel.pk}/issuing/overview")
    page = client.get(f"{URL}?tab=timeline").content.decode()
    assert "1 page<" in page
    assert "1 pages" not in page
    assert client.get(f"{URL}?tab=timeline&before=2001-01-01T00:00:00Z").status_code == 200
    assert client.get(f"{URL}?tab=timeline&before=2026-99-99T00:00:00Z").status_code == 200


def test_long_timeline_pages_without_a_gap(kestrel: Account) -> None:
    for number in range(70):
        stored(f"evt_{number}", f"t.{number}.", 1_790_001_000 + number // 3)
    client = browser("vera")
    first = client.get(f"{URL}?tab=timeline")
    older = first.context["timeline"].older
    second = client.get(f"{URL}?tab=timeline&before={older.isoformat().replace('+', '%2B')}")
    seen = first.content.decode() + second.content.decode()
    assert all(f"t.{number}." in seen for number in range(70))
    assert second.context["timeline"].older is None
