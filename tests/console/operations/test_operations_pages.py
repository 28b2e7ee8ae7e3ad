"""An operation's page, what may be decided there, and the read-only lists of what happened."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from console.operations import verbs
from console.operations.models import Operation
from console.people.models import User
from console.record import audit
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry
from gateway import sweep
from gateway.errors import Refused, Unreachable
from gateway.models import Event
from tests.console.acting import (
    ACCOUNT,
    CREATE,
    PERMISSION,
    RENAME,
    account,
    accounts_at_stripe,
    do,
    event_of,
    failing,
    faults,
    person,
    registered,
    session_for,
    settle,
)
from tests.costs import MOST, cost
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.alike

State = Operation.State
LATER = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def registry(db: None) -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def otto(db: None) -> User:
    return person("otto", PERMISSION, "console.view_auditentry")


@pytest.fixture
def ana(db: None) -> User:
    rights = ["settle_operation", "view_auditentry", "view_accessentry", "view_worksession"]
    return person(
        "ana", PERMISSION, *(f"console.{name}" for name in rights), "gateway.view_event", "gateway.replay_event"
    )


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(operation: Operation) -> str:
    return f"/operations/{operation.pk}"


def lost(user: User) -> Operation:
    """Not found at Stripe."""
    operation = do(failing(Unreachable("broken", status=500, replayed=True)), user, params=ACCOUNT).operation
    settle(operation, LATER)
    assert operation.state == State.NOT_FOUND
    Operation.objects.update(verb=CREATE.name)
    return operation


def decide(user: User, operation: Operation, decision: str, **more: str) -> Any:
    return browser(user).post(url(operation), {"decision": decision, "for_account": operation.account_id, **more})


# The page


def test_the_page_tells_the_whole_life(sandbox: SandboxProcess, otto: User) -> None:
    faults(sandbox, "429")
    operation = do(CREATE, otto, params=ACCOUNT, ticket="T-1").operation
    settle(operation, LATER)
    page = browser(otto).get(url(operation))
    text = page.content.decode()
    assert page.status_code == 200
    for words in ("Create test account", "otto", operation.reason, "T-1", operation.object_id, operation.request_id):
        assert words in text
    assert [each["status"] for each in page.context["tries"]] == [429, 200]
    assert page.context["params"] == [("business_name", "Alder Ltd"), ("country", "US")]
    actions = [entry.action for entry in page.context["audit_entries"]]
    assert actions == ["operation.intended", "operation.succeeded"]
    assert [entry.did for entry in page.context["audit_entries"]] == ["Intended", "Succeeded"]
    assert "operation.succeeded" not in text
    assert (page.context["poll"], page.context["may_decide"]) == (False, False)


def test_a_refused_one_keeps_stripes_words(otto: User) -> None:
    refused = Refused("No such country", code="parameter_invalid", param="country", request_id="req_1", status=400)
    page = browser(otto).get(url(do(failing(refused), otto).operation)).content.decode()
    for words in ("No such country", "parameter_invalid", "country", "req_1", "Stripe refused it"):
        assert words in page


def test_what_was_not_sent_says_so(otto: User) -> None:
    problem = Unreachable("Stripe could not be reached.", sent=False)
    operation = do(failing(problem, sensitive=("ssn",)), otto, params={"ssn": "1"}).operation
    assert browser(otto).get(url(operation) + "/state").json()["sentence"] == operation.error_message


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (Unreachable("busy", status=429, retry_after=61), "Nothing was changed at Stripe: decide"),
        (Unreachable("reset", replayed=True), "may or may not have happened at Stripe, and"),
    ],
)
def test_a_parked_one_waits_for_a_decision(problem: Unreachable, sentence: str, otto: User, ana: User) -> None:
    def refuse(operation: Operation) -> None:
        raise Refused("no")

    problem.retry_after = 600 if problem.status == 429 else None
    operation = do(failing(problem, find=refuse), otto).operation
    Operation.objects.filter(state=State.INTENT).update(next_try_at=None)
    settle(operation, LATER)
    state = browser(otto).get(url(operation) + "/state").json()
    assert (state["settled"], sentence in state["sentence"]) == (True, True)
    assert browser(ana).get(url(operation)).context["may_decide"]


def test_a_verb_that_is_no_more_still_has_its_operations(otto: User) -> None:
    operation = do(failing(Refused("no")), otto).operation
    succeeded = do(failing(Refused("no")), otto).operation
    Operation.objects.filter(pk=succeeded.pk).update(state=State.SUCCEEDED)
    verbs._verbs.pop("tests.act")
    assert browser(otto).get(url(operation)).status_code == 200
    assert browser(otto).get(url(succeeded) + "/state").json()["sentence"] == "Done."


def test_without_the_permission_nothing_is_shown(otto: User) -> None:
    operation = do(failing(Refused("no")), otto).operation
    vera = browser(person("vera"))
    for path in (url(operation), url(operation) + "/state", "/operations/"):
        assert vera.get(path).status_code == 403
    assert vera.post(url(operation), {"decision": "drop"}).status_code == 403


def test_the_audit_rows_need_their_own_permission(otto: User) -> None:
    operation = do(failing(Refused("no")), otto).operation
    sam = browser(person("sam", PERMISSION))
    assert list(sam.get(url(operation)).context["audit_entries"]) == []


def test_an_unknown_operation_is_not_there(otto: User) -> None:
    assert browser(otto).get(f"/operations/{uuid.uuid4()}").status_code == 404


def test_operations_lead_to_the_list(otto: User) -> None:
    assert browser(otto).get("/operations/")["Location"] == "/console/operation/"


# Decisions


def test_send_again_leads_to_the_new_operation(sandbox: SandboxProcess, ana: User) -> None:
    operation = lost(ana)
    answer = decide(ana, operation, "again")
    new = Operation.objects.exclude(pk=operation.pk).get()
    assert (answer.status_code, answer["Location"]) == (303, url(new))
    assert (new.state, len(accounts_at_stripe(sandbox))) == (State.SUCCEEDED, 1)
    assert url(new) in browser(ana).get(url(operation)).content.decode()


def test_drop_keeps_the_record(sandbox: SandboxProcess, ana: User) -> None:
    operation = lost(ana)
    assert decide(ana, operation, "drop").status_code == 303
    operation.refresh_from_db()
    assert (operation.state, accounts_at_stripe(sandbox)) == (State.DROPPED, [])


def test_what_cannot_be_decided_is_said_and_does_nothing(sandbox: SandboxProcess, ana: User, otto: User) -> None:
    operation = lost(ana)
    assert decide(ana, operation, "perhaps").status_code == 422
    assert decide(ana, operation, "again", for_account="acct_other").status_code == 403
    refused = decide(otto, operation, "again")
    assert (refused.status_code, "may not decide" in refused.content.decode()) == (403, True)
    assert (Operation.objects.count(), accounts_at_stripe(sandbox)) == (1, [])


def test_a_decision_needs_a_csrf_token(ana: User) -> None:
    operation = lost(ana)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    assert strict.post(url(operation), {"decision": "drop", "for_account": ""}).status_code == 403
    operation.refresh_from_db()
    assert operation.state == State.NOT_FOUND


# Lists


def test_lists_show_records_and_let_nobody_change_them(sandbox: SandboxProcess, ana: User) -> None:
    account_id = account(sandbox)
    operation = do(RENAME, ana, params={"name": "B"}, account_id=account_id, account_name="Alder Ltd").operation
    event_of(operation)
    session = session_for(ana, account_id)
    AccessEntry.objects.create(work_session=session, user=ana, account_id=account_id, path="/x")
    client = browser(ana)
    for model, words in [
        ("console/operation", "Alder Ltd"),
        ("console/auditentry", "operation.succeeded"),
        ("console/accessentry", "/x"),
        ("console/worksession", "T-7"),
        ("gateway/event", "acct_9"),
    ]:
        page = client.get(f"/{model}/")
        assert (page.status_code, words in page.content.decode()) == (200, True), model
        assert client.get(f"/{model}/add/").status_code == 403
        assert client.post(f"/{model}/1/delete/").status_code in (302, 403, 404)
    assert (Operation.objects.count(), AccessEntry.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_the_list_leads_to_an_operations_page(ana: User) -> None:
    operation = do(failing(Refused("no")), ana).operation
    assert url(operation) in browser(ana).get("/console/operation/").content.decode()
    assert browser(ana).get(f"/console/operation/{operation.pk}/change/")["Location"] == url(operation)


def test_the_list_can_show_what_waits_for_a_person(ana: User) -> None:
    operation = lost(ana)
    other = do(failing(Refused("no")), ana).operation
    page = browser(ana).get("/console/operation/?waiting=person").content.decode()
    assert (url(operation) in page, url(other) in page) == (True, False)


def test_an_event_shows_no_payload(ana: User) -> None:
    event = event_of(do(failing(Refused("no")), ana).operation, email="holder@example.com")
    page = browser(ana).get(f"/gateway/event/{event.pk.replace('_', '_5F')}/change/")
    assert page.status_code == 200
    assert "holder@example.com" not in page.content.decode()


def test_dead_events_are_counted_and_replayed_with_one_click(ana: User, otto: User) -> None:
    event = event_of(do(failing(Refused("no")), ana).operation)
    Event.objects.update(state=Event.State.DEAD)
    page = browser(ana).get("/gateway/event/")
    assert page.context["state_counts"] == {"dead": 1}
    replay = {"action": "replay", "_selected_action": [event.pk]}
    browser(ana).post("/gateway/event/", replay)
    event.refresh_from_db()
    assert event.state != Event.State.DEAD
    entry = AuditEntry.objects.get(action="event.replayed")
    assert (entry.subject, entry.user, entry.detail["was"]) == (event.pk, ana, "dead")
    Event.objects.update(state=Event.State.DONE)
    browser(ana).post("/gateway/event/", replay)
    assert AuditEntry.objects.filter(action="event.replayed").count() == 1


def test_replay_needs_its_permission(ana: User) -> None:
    event = event_of(do(failing(Refused("no")), ana).operation)
    Event.objects.update(state=Event.State.DEAD)
    sam = person("sam", "gateway.view_event")
    browser(sam).post("/gateway/event/", {"action": "replay", "_selected_action": [event.pk]})
    event.refresh_from_db()
    assert event.state == Event.State.DEAD


def test_a_long_trail_is_listed_with_few_queries(ana: User) -> None:
    with transaction.atomic():
        for number in range(60):
            audit.record("test.done", user=ana, subject=str(number))
    for _ in range(60):
        do(failing(Refused("no")), ana)
    client = browser(ana)
    for model in ("auditentry", "operation"):
        assert cost(client, f"/console/{model}/") <= MOST


def test_sweep_counts_what_it_hands_over(ana: User) -> None:
    do(failing(Unreachable("busy", status=429, retry_after=1)), ana)
    assert sweep.over(Operation) == 0
    assert sweep.over(Operation, timezone.now() + LATER) == 1
