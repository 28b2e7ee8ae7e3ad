"""The account's pages: states, masking, hostile content, and how many queries they cost."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.account.models import Account
from accounts.external_accounts.models import ExternalAccount
from console.operations.models import Operation
from gateway.models import Event
from tests.accounts import builders
from tests.accounts.builders import requirements
from tests.answers import Inline
from tests.costs import MOST_OF_ACCOUNT, cost
from tests.people import browser, person, view_as

pytestmark = pytest.mark.django_db
URL = "/connect/accounts/acct_1Kestrel"
TABS = ("overview", "requirements", "persons", "capabilities", "external_accounts", "terms", "timeline", "json")
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> {{ 7|add:4242 }} \u202e ' + "W" * 200


@pytest.fixture
def kestrel(db: None) -> Account:
    """An account with something due, a person, a capability and an operation."""
    row = builders.account(requirements=requirements(currently_due=["company.phone"], current_deadline=1_790_500_000))
    builders.capability(row, requirements=requirements(currently_due=["company.phone"], current_deadline=1_790_500_000))
    builders.person(row, email="marta@kestrel.example", phone="+15550001111", dob={"day": 3, "month": 2, "year": 1990},
                    address={"line1": "1 Quay Street"}, ssn_last_4_provided=True)  # fmt: skip
    return row


def event(event_id: str, kind: str, created: int, state: str = "done") -> None:
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


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_drawn_with_a_fixed_number_of_queries(kestrel: Account, tab: str) -> None:
    client = browser("otto")
    one = cost(client, f"{URL}?tab={tab}")
    for number in range(20):
        builders.person(kestrel, f"person_{number}x")
    assert cost(client, f"{URL}?tab={tab}") == one <= MOST_OF_ACCOUNT


@pytest.mark.parametrize("page", ["return", "link-used", "live", "live?part=timeline"])
def test_its_other_pages_stay_below_its_ceiling(kestrel: Account, page: str) -> None:
    assert cost(browser("otto"), f"{URL}/{page}") <= MOST_OF_ACCOUNT


def test_page_says_what_is_due_and_offers_to_ask_the_holder(kestrel: Account) -> None:
    page = browser("otto").get(URL).content.decode()
    assert "The company: phone number" in page
    assert f"{URL}/do/accounts.create_account_link" in page
    assert "Restricted soon" in page
    assert "Stripe’s rule" in page


def test_viewer_gets_no_button_and_masked_data(kestrel: Account) -> None:
    client = browser("vera")
    for tab in TABS:
        page = client.get(f"{URL}?tab={tab}").content.decode()
        for secret in ("marta@kestrel.example", "+15550001111", "1990", "Quay Street"):
            assert secret not in page, (tab, secret)
        assert "do/accounts.create_account_link" not in page
    assert "m•••@kestrel.example" in client.get(URL).content.decode()


def test_support_sees_personal_data_but_never_a_number_that_proves_identity(kestrel: Account) -> None:
    kestrel.data = {**kestrel.data, "individual": {"id_number": "078051120", "email": "i@kestrel.example"}}
    kestrel.save()
    client = browser("sam")
    page = client.get(f"{URL}?tab=persons").content.decode()
    assert "marta@kestrel.example" in page
    assert "1990-02-03" in page
    text = client.get(f"{URL}?tab=json").content.decode()
    assert "i@kestrel.example" in text
    assert "078051120" not in text


def test_hostile_names_are_text_everywhere(db: None) -> None:
    fault = {"code": HOSTILE, "reason": HOSTILE, "requirement": HOSTILE}
    due = requirements(currently_due=[HOSTILE], disabled_reason=HOSTILE, errors=[fault])
    names = {"business_profile": {"name": HOSTILE}, "business_type": HOSTILE, "country": "<b>", "email": HOSTILE}
    row = builders.account(requirements=due, **names)
    builders.capability(row, status=HOSTILE[:60])
    builders.person(row, first_name=HOSTILE, last_name="")
    client = browser("otto")
    for path in [f"{URL}?tab={tab}" for tab in TABS] + ["/accounts/account/", f"{URL}/live", f"{URL}/return", "/"]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        page = answer.content.decode()
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "4249" not in page, path
        reader = Inline()
        reader.feed(page)
        assert not reader.found, path


def test_account_that_is_gone_says_so_and_offers_to_read_it_again_alone(kestrel: Account) -> None:
    kestrel.gone_at = timezone.now()
    kestrel.save()
    page = browser("otto").get(URL).content.decode()
    assert "No longer at Stripe" in page
    assert "Ask the holder" not in page
    assert f"{URL}/refresh" in page


def test_stub_and_stranger_are_not_found(db: None) -> None:
    Account(id="acct_1Stub", account_id="acct_1Stub").save()
    client = browser("otto")
    assert client.get("/connect/accounts/acct_1Stub").status_code == 404
    assert client.get("/connect/accounts/acct_1Nobody").status_code == 404


def test_what_has_not_arrived_is_called_not_yet_imported(db: None) -> None:
    builders.account(individual={"id": "person_77"})
    client = browser("vera")
    assert "Not yet imported" in client.get(f"{URL}?tab=persons").content.decode()
    assert "Not yet imported" in client.get(f"{URL}?tab=capabilities").content.decode()
    assert "No external account" in client.get(f"{URL}?tab=external_accounts").content.decode()


def test_account_nobody_began_is_not_cried_over(db: None) -> None:
    keys = ["company.phone", "tos_acceptance.date"]
    builders.account(details_submitted=False, requirements=requirements(past_due=keys, currently_due=keys))
    client = browser("otto")
    assert "Onboarding has not begun" in client.get(URL).content.decode()
    assert "Nothing needs a person" in client.get("/").content.decode()


def test_home_queue_says_what_whose_move_and_until_when(
    kestrel: Account, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = browser("otto")
    client.get("/")
    with django_assert_max_num_queries(30):
        page = client.get("/").content.decode()
    assert "1 thing needs a person" in page
    assert "The company: phone number" in page
    assert "Ask the holder" in page


def test_live_part_carries_its_address_and_a_version_that_turns(kestrel: Account) -> None:
    client = browser("vera")
    page = client.get(URL)
    before = client.get(f"{URL}/live").content.decode()
    assert f'data-live="{URL}/live"' in page.content.decode()
    assert f'data-live="{URL}/live"' in before
    kestrel.revision += 1
    kestrel.save()
    assert client.get(f"{URL}/live").content.decode() != before
    assert f'data-live="{URL}/live?part=actions"' in client.get(f"{URL}/live?part=actions").content.decode()


def test_coming_back_from_stripe_writes_nothing_and_promises_nothing(kestrel: Account) -> None:
    client = browser("otto")
    page = client.get(f"{URL}/return").content.decode()
    assert "Coming back proves nothing" in page
    assert not Operation.objects.exists()
    used = client.get(f"{URL}/link-used").content.decode()
    assert "Make a new link" in used


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
    event("evt_2Dead", "person.updated", 1_790_000_600, state="dead")
    client = browser("otto")
    view_as(client, kestrel.pk)
    page = client.get(f"{URL}?tab=timeline").content.decode()
    ours = ("refresh account", "Stripe refused it", "account_invalid", "viewed as this account, look only")
    for words in (*ours, "Stripe asks for:", "person.updated", "dead"):
        assert words in page, words
    assert client.get(f"{URL}?tab=timeline&before=2001-01-01T00:00:00Z").status_code == 200
    assert client.get(f"{URL}?tab=timeline&before=2026-99-99T00:00:00Z").status_code == 200


def test_long_timeline_pages_without_a_gap(kestrel: Account) -> None:
    for number in range(70):
        event(f"evt_{number}", f"t.{number}.", 1_790_001_000 + number // 3)
    client = browser("vera")
    first = client.get(f"{URL}?tab=timeline")
    older = first.context["timeline"].older
    second = client.get(f"{URL}?tab=timeline&before={older.isoformat().replace('+', '%2B')}")
    seen = first.content.decode() + second.content.decode()
    assert all(f"t.{number}." in seen for number in range(70))
    assert second.context["timeline"].older is None


def test_bank_accounts_are_masked_too(kestrel: Account) -> None:
    bank = ExternalAccount(id="ba_1", account_id=kestrel.pk)
    builders._saved(bank, {"id": "ba_1", "object": "bank_account", "last4": "6789", "currency": "usd", "status": "new"})
    assert "6789" not in browser("vera").get(f"{URL}?tab=external_accounts").content.decode()
    assert "6789" in browser("sam").get(f"{URL}?tab=external_accounts").content.decode()


def test_json_is_stripes_own(kestrel: Account) -> None:
    page = browser("sam").get(f"{URL}?tab=json")
    assert page.context["page"].json["requirements"] == json.loads(json.dumps(kestrel.data["requirements"]))
