"""The page of an event: what it says and changed, masked; replay with its outcome; for each role what it may."""

import html
import re
from typing import Any

import pytest
from django.utils import timezone

from console.operations.models import Operation
from console.record.models import AuditEntry
from gateway import intake
from gateway.models import Event
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import ACCOUNT, PEOPLE, browser, known_accounts, person

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
WHY = "The code was corrected meanwhile"
MAY_READ = {"ana", "otto", "sam"}  # personal data
HOSTILE = "</bdi><script>alert(1)</script>\u202egnp.exe"


@pytest.fixture(autouse=True)
def accounts() -> None:
    known_accounts()


def event(event_id: str = "evt_1Pages", **more: Any) -> Event:
    """An update of a card that Stripe sent."""
    card = {
        "id": "ic_1Pages",
        "object": "issuing.card",
        "status": "inactive",
        "cardholder": {"id": "ich_1", "object": "issuing.cardholder", "email": "marta@kestrel.example"},
        "metadata": {"note": "Zq1Marker"},
    }
    payload = {"id": event_id, "data": {"object": card, "previous_attributes": {"status": "active"}}}
    values = {
        "account": ACCOUNT, "type": "issuing_card.updated", "created": 1_790_000_000, "livemode": False,
        "payload": payload, "received_at": timezone.now(), "state": "done", "object_key": "issuing.card:ic_1Pages",
        "request_id": "req_1Pages", "done_at": timezone.now(), "attempts": 1,
    }  # fmt: skip
    return Event.objects.create(id=event_id, **{**values, **more})


def page(who: str, event_id: str = "evt_1Pages") -> str:
    answer = browser(who).get(f"/gateway/event/{event_id}/change/")
    assert answer.status_code == 200
    return read(answer)


def seen(text: str) -> list[str]:
    """The words without the tags."""
    return re.sub(r"<[^>]*>", " ", text).split()


def read(answer: Any) -> str:
    """What is written there, one blank between words."""
    source = answer.content.decode()
    assert "<script>alert" not in source
    return " ".join(html.unescape(source).split())


def test_its_title_and_heading_say_what_it_is() -> None:
    event()
    text = page("vera")
    assert "<title> Event evt_1Pages · issuing_card.updated |" in text
    assert "View event" not in text
    for words in ("It was applied", "Alder Freight", "What it changed", 'data-copy="req_1Pages"', "Its way here"):
        assert words in text, words
    assert all(each in text for each in ("<code>status</code>", "active", "<b>inactive</b>"))


@pytest.mark.parametrize("who", PEOPLE)
def test_nobody_reads_personal_values_without_saying_why(who: str) -> None:
    event()
    text = page(who)
    assert ("marta@kestrel.example" in text, "Zq1Marker" in text) == (False, False)
    assert "2 values masked" in text
    assert ("Show what is masked" in text) == (who in MAY_READ)


@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_see_them_reads_them_with_a_reason_which_is_recorded(who: str) -> None:
    event()
    client, form = browser(who), {"decision": "unmask", "reason": WHY, "for_account": ACCOUNT}
    assert client.post("/gateway/event/evt_1Pages/change/", {**form, "reason": "no"}).status_code == (
        422 if who in MAY_READ else 403
    )
    assert not AuditEntry.objects.filter(action="event.unmasked").exists()
    answer = client.post("/gateway/event/evt_1Pages/change/", form)
    told = AuditEntry.objects.filter(action="event.unmasked", subject="evt_1Pages", personal__reason=WHY).count()
    seen = "marta@kestrel.example" in read(answer)
    assert (answer.status_code, told, seen) == ((200, 1, True) if who in MAY_READ else (403, 0, False))


def test_object_pages_are_linked_for_those_who_may_open_them() -> None:
    card = rows.card(rows.cardholder())
    event(object_key=f"issuing.card:{card.pk}")
    way = f'href="/{ACCOUNT}/issuing/cards/{card.pk}"'
    assert (way in page("vera"), way in page("sam")) == (False, True)
    assert card.pk in page("vera")


def test_it_leads_to_its_account_to_stripe_and_to_the_operation_of_ours_that_made_it() -> None:
    asked = {"user": person("otto"), "key": "ours", "form_token": "t" * 32, "account_id": ACCOUNT}
    operation = Operation.objects.create(verb="issuing.deactivate_card", **asked)
    event(idempotency_key="ours")
    text = page("ana")
    ways = (f"/connect/accounts/{ACCOUNT}", f"/operations/{operation.pk}", f"/{ACCOUNT}/out/evt_1Pages")
    assert [way for way in ways if f'href="{way}"' not in text] == []
    assert "Deactivate card by otto" in " ".join(seen(text))


def test_an_event_of_no_account_of_ours_leads_nowhere() -> None:
    event(account="acct_1Stranger", state="quarantined", error="Not an account of ours: No such account")
    text = page("ana")
    assert "Not an account of this console" in text
    assert "/connect/accounts/acct_1Stranger" not in text
    assert "It is kept and changes nothing. Not an account of ours" in text


def test_a_quarantined_event_that_stays_so_says_why_before_and_after_it_is_replayed() -> None:
    event(state="quarantined", livemode=True, error=intake.OTHER_MODE)
    text = page("ana")
    assert f"It is kept and changes nothing. {intake.OTHER_MODE} Replay cannot change that." in " ".join(seen(text))
    assert "Replay event" not in text
    ana = browser("ana")
    answer = ana.post("/gateway/event/", {"action": "replay", "_selected_action": ["evt_1Pages"]}, follow=True)
    assert f"evt_1Pages: It stays quarantined: {intake.OTHER_MODE}" in read(answer)
    form = {"decision": "replay", "reason": WHY, "for_account": ACCOUNT}
    answer = ana.post("/gateway/event/evt_1Pages/change/", form, follow=True)
    assert f"It stays quarantined: {intake.OTHER_MODE}" in read(answer)
    assert not AuditEntry.objects.filter(action="event.replayed").exists()


def test_a_dead_event_is_replayed_by_an_administrator_with_a_reason() -> None:
    event(state="dead", attempts=5, error="KeyError: 'name'")
    assert "An administrator can have it applied again." in page("otto")
    form = {"decision": "replay", "reason": WHY, "for_account": ACCOUNT}
    path = "/gateway/event/evt_1Pages/change/"
    assert browser("otto").post(path, form).status_code == 403
    ana = browser("ana")
    assert ana.post(path, {**form, "reason": " "}).status_code == 422
    assert ana.post(path, {**form, "for_account": "acct_2"}).status_code == 403
    assert Event.objects.get().state == "dead"
    answer = ana.post(path, form, follow=True)
    text = read(answer)
    assert (Event.objects.get().state, "It waits for the worker." in text) == ("waiting", True)
    assert 'data-state-url="/gateway/event/evt_1Pages/state"' in text
    assert ana.get("/gateway/event/evt_1Pages/state").json() == {"state": "waiting", "settled": False}
    entry = AuditEntry.objects.get(action="event.replayed")
    assert (entry.reason, entry.detail, entry.account_name) == (
        WHY,
        {"type": "issuing_card.updated", "was": "dead"},
        "Alder Freight",
    )
    assert WHY in text  # what was done with it stands below


def test_a_page_that_is_not_there_is_404_and_an_unknown_decision_changes_nothing() -> None:
    event(state="dead")
    assert browser("ana").get("/gateway/event/evt_none/change/").status_code == 404
    assert browser("ana").get("/gateway/event/evt_none/state").status_code == 404
    answer = browser("ana").post("/gateway/event/evt_1Pages/change/", {"decision": "burn", "for_account": ACCOUNT})
    assert (answer.status_code, Event.objects.get().state) == (403, "dead")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"data": []},
        {"data": {"object": 7, "previous_attributes": "x"}},
        {
            "data": {
                "object": {"a": 1},
                "previous_attributes": {"a": {"b": {"c": HOSTILE}}, "": None, HOSTILE: [HOSTILE]},
            }
        },
    ],
)
def test_whatever_stands_in_a_payload_its_page_opens(payload: dict[str, Any]) -> None:
    event(payload=payload, type=f"card.{HOSTILE}"[:255], error=HOSTILE, object_key=f"x:{HOSTILE}", request_id=HOSTILE)
    assert "What it changed" in page("ana")
    assert "evt_1Pages" in read(browser("ana").get("/gateway/event/"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("evt_1Pages", True), ("“evt_1Pages”", True), ("req_1Pages", True), (ACCOUNT, True), ("ic_1Pages", True),
        ("issuing_card.updated", True),
        ("issuing_card", True), ("card", True), ("console-key-1", True), ("evt_1", False), ("ic_1", False),
        ("marta", False), ("%", False), ("'", False),
    ],
)  # fmt: skip
def test_the_list_is_searched_by_whatever_the_event_names(words: str, found: bool) -> None:
    event(idempotency_key="console-key-1")
    answer = browser("vera").get("/gateway/event/", {"q": words})
    assert [row.pk for row in answer.context["cl"].result_list] == (["evt_1Pages"] if found else [])


def test_page_and_list_keep_to_their_queries() -> None:
    card = rows.card(rows.cardholder())
    for number in range(60):
        event(f"evt_{number}", object_key=f"issuing.card:{card.pk}", state="dead", idempotency_key=f"k{number}")
    assert cost(browser("ana"), "/gateway/event/evt_1/change/") <= MOST
    assert cost(browser("ana"), "/gateway/event/?q=card") <= MOST
