"""The record on pages: a session's pages and acts in order, the trail's rows, what was opened; found by index."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.lists import records
from console.operations.models import Operation
from console.record import audit, words
from console.record.models import AuditEntry
from console.viewing import sessions
from console.viewing.models import AccessEntry, WorkSession
from tests.console.record.trail import alter
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as, work

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]
HOSTILE = "</bdi><script>alert(1)</script>\u202egnp.exe"


@pytest.fixture(autouse=True)
def accounts() -> None:
    known_accounts()


def operation(session: WorkSession, verb: str = "issuing.cancel_card", **more: Any) -> Operation:
    values = {
        "user": session.user, "account_id": ACCOUNT, "reason": "r", "key": uuid.uuid4().hex, "state": "succeeded",
        "form_token": uuid.uuid4().hex, "work_session": session, "object_id": "ic_1", "request_id": "req_1Session",
    }  # fmt: skip
    return Operation.objects.create(verb=verb, **{**values, **more})


def of_session(session: WorkSession, who: str = "otto", query: str = "") -> Any:
    answer = browser(who).get(f"/console/worksession/{session.pk}/change/{query}")
    assert answer.status_code == 200
    return answer


def lines(answer: Any) -> list[str]:
    return [line.text for line in answer.context["stream"].lines]


def test_a_session_lists_its_pages_and_acts_in_order() -> None:
    card = rows.card(rows.cardholder())
    client = browser("sam")
    session = view_as(client)
    client.get(f"/{ACCOUNT}/issuing/cards")
    client.get(f"/{ACCOUNT}/issuing/cards/{card.pk}")
    operation(session)
    client.get(f"/{ACCOUNT}/out/{ACCOUNT}")
    sessions.end(session, WorkSession.End.CLICK)
    answer = of_session(session)
    assert lines(answer) == [
        "Began", "Opened Cards", "Opened one of the cards", "Cancel card", "Followed a link to Stripe’s Dashboard",
        "Left for Stripe’s Dashboard", "Ended, and sealed",
    ]  # fmt: skip
    text = answer.content.decode()
    assert f"Work session {session.pk} · sam as Alder Freight" in text
    for found in (
        "sam viewed as",
        "Looking for the declined card",
        "CS-1",
        'data-copy="req_1Session"',
        "Sealed in row",
    ):
        assert found in text, found
    assert lines(of_session(session, query="?show=acts")) == ["Began", "Cancel card", "Ended, and sealed"]
    assert "Cancel card" not in lines(of_session(session, query="?show=pages"))
    assert len(lines(of_session(session, query="?show=nothing"))) == 7


def test_an_open_session_lasts_until_now_whenever_its_last_page_was() -> None:
    session = view_as(browser("sam"))
    then = timezone.now() - timedelta(minutes=5)
    WorkSession.objects.filter(pk=session.pk).update(started_at=then, last_seen_at=then)
    assert of_session(session).context["lasted"] >= timedelta(minutes=5)


def test_modes_and_denials_stand_in_the_stream() -> None:
    client = browser("otto")
    session = work(client)
    with transaction.atomic():
        detail = {"verb": "issuing.cancel_card", "via": "page", "why": "Ask marta@kestrel.example first"}
        audit.record("operation.denied", user=session.user, account_id=ACCOUNT, detail=detail)
    answer = of_session(session)
    assert lines(answer) == ["Began", "Switched", "Cancel card: Was denied"]
    assert [line.mode for line in answer.context["stream"].lines] == ["look", "work", ""]
    assert "marta@kestrel.example" not in answer.content.decode()
    assert "It is still open." in answer.content.decode()


def test_a_long_session_is_paged_and_no_line_is_lost_or_doubled() -> None:
    session = view_as(browser("sam"))
    began = timezone.now()
    moments = [began + timedelta(seconds=number // 7) for number in range(230)]  # many of one moment
    AccessEntry.objects.bulk_create(
        AccessEntry(work_session=session, user=session.user, account_id=ACCOUNT, path=f"/{ACCOUNT}/p/{n}", at=at)
        for n, at in enumerate(moments)
    )
    for number in range(0, 230, 40):
        operation(session, created_at=moments[number])
    seen, query = [], ""
    while True:
        stream = of_session(session, query=query).context["stream"]
        seen += stream.lines
        if not stream.later:
            break
        query = f"?after={stream.later.replace('+', '%2B')}"
    assert len(seen) == 1 + 230 + 6
    assert [line.at for line in seen] == sorted(line.at for line in seen)
    assert len({(line.text, line.notes, line.url) for line in seen}) == len(seen)
    back = of_session(session, query=f"?before={stream.earlier.replace('+', '%2B')}").context["stream"]
    assert back.lines == seen[len(seen) - len(stream.lines) - 100 : len(seen) - len(stream.lines)]
    for odd in ("x", "2026-11-26T00:00:00Z,9,1", "2026-11-26T00:00:00Z,2,no-uuid", ",,", "\x00"):
        assert len(of_session(session, query=f"?after={odd}").context["stream"].lines) == 100
    assert cost(browser("otto"), f"/console/worksession/{session.pk}/change/") <= MOST


def test_a_row_of_the_trail_says_what_was_done_and_whether_it_is_as_it_was_written() -> None:
    session = view_as(browser("sam"))
    with transaction.atomic():
        made = operation(session)
        row = audit.record(
            "operation.succeeded", user=session.user, account_id=ACCOUNT, account_name=HOSTILE, subject="ic_1",
            operation=made, reason=f"Because {HOSTILE}", detail={"verb": made.verb, "request_id": "req_1Audit"},
        )  # fmt: skip
    answer = browser("otto").get(f"/console/auditentry/{row.pk}/change/")
    text = answer.content.decode()
    assert answer.context["title"] == f"Audit {row.number} · Cancel card: Succeeded"
    for found in (
        "It is as it was written.",
        f"/operations/{made.pk}",
        'data-copy="req_1Audit"',
        f'data-copy="{row.digest}"',
    ):
        assert found in text, found
    assert "<script>alert" not in text
    earlier = AuditEntry.objects.get(number=row.number - 1)
    assert f"/console/auditentry/{earlier.pk}/change/" in text
    assert audit.sound(row)
    assert audit.sound(AuditEntry.objects.get(number=1))
    alter("UPDATE console_auditpersonal SET reason = 'Another' WHERE number = %s", row.number)
    assert not audit.sound(row)
    alter("UPDATE console_auditpersonal SET reason = %s WHERE number = %s", row.reason, row.number)
    assert audit.sound(row)
    alter("UPDATE console_auditentry SET previous_digest = %s WHERE number = %s", "0" * 64, row.number)
    assert not audit.sound(row)


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("otto", 200), ("sam", 403), ("vera", 403)])
def test_the_record_is_read_by_operators_and_administrators(who: str, status: int) -> None:
    client = browser("sam")
    session = view_as(client)
    client.get(f"/{ACCOUNT}/issuing/cards")
    access, row = AccessEntry.objects.latest("pk"), AuditEntry.objects.latest("pk")
    pages = {"worksession": session.pk, "accessentry": access.pk, "auditentry": row.pk}
    for path in [f"/console/{name}/{rest}" for name, pk in pages.items() for rest in ("", f"{pk}/change/")]:
        answer = browser(who).get(path)
        assert answer.status_code == status, path
        assert "Site admin" not in answer.content.decode()
        assert "Select " not in answer.content.decode().partition("</title>")[0]


def test_pages_opened_are_reached_from_the_session_the_account_the_person_and_the_menu() -> None:
    client = browser("sam")
    session = view_as(client)
    client.get(f"/{ACCOUNT}/issuing/cards")
    entry = AccessEntry.objects.latest("pk")
    ana = browser("ana")
    ways = {
        f"/console/worksession/{session.pk}/change/": f"/console/accessentry/?q={session.pk}",
        f"/connect/accounts/{ACCOUNT}": f"/console/accessentry/?q={ACCOUNT}",
        f"/staff/{person('sam').pk}": f"/console/accessentry/?user__id__exact={person('sam').pk}",
        "/me/": "/console/accessentry/",
    }
    for path, way in ways.items():
        assert f'href="{way}"' in ana.get(path).content.decode(), path
        listed = ana.get(way)
        assert entry.pk in [row.pk for row in listed.context["cl"].result_list], way
    text = ana.get(f"/console/accessentry/{entry.pk}/change/").content.decode()
    assert ("Opened Cards" in text, f"/console/worksession/{session.pk}/change/" in text) == (True, True)
    assert "console/accessentry" not in browser("vera").get(f"/connect/accounts/{ACCOUNT}").content.decode()


def test_pages_opened_are_found_by_person_account_object_and_session() -> None:
    card = rows.card(rows.cardholder())
    client = browser("sam")
    session = view_as(client)
    client.get(f"/{ACCOUNT}/issuing/cards/{card.pk}")
    client.get(f"/{ACCOUNT}/issuing/cards")
    found = {
        "sam": 2, "SAM": 2, "otto": 0, ACCOUNT: 2, OTHER_ACCOUNT: 0, card.pk: 1, str(session.pk): 2, "ic_none": 0,
        f"/{ACCOUNT}/issuing/cards": 2, "zz": 0,
    }  # fmt: skip
    for asked, number in found.items():
        answer = browser("otto").get("/console/accessentry/", {"q": asked})
        assert len(answer.context["cl"].result_list) == number, asked


def test_the_trail_is_found_by_person_verb_action_account_object_ticket_and_number() -> None:
    session = view_as(browser("sam"))
    user = person("sam")
    user.first_name, user.last_name = "Samuel", "Okoye"
    user.save()
    with transaction.atomic():
        made = operation(session)
        own = {"user": person("otto"), "account_id": ACCOUNT, "detail": {"verb": made.verb}}
        done = audit.record("operation.succeeded", operation=made, subject="ic_1Trail", ticket="CS-77", **own)
        denied = audit.record("operation.denied", **own)
        changed = audit.record("user.changed", user=person("ana"), about=user)
    both = {done.number, denied.number}
    started = AuditEntry.objects.get(action="session.started").number
    for asked, found in (
        ("cancel card", both), ("cancel_card", both), ("Cancel", both), ("CS-77", {done.number}),
        ("ic_1Trail", {done.number}), ("operation.denied", {denied.number}), ("was denied", {denied.number}),
        (ACCOUNT, {*both, started}), (str(done.number), {done.number}), ("otto", both),
        ("zz", set()), ("%", set()), ("issuing.burn_card", set()),
    ):  # fmt: skip
        answer = browser("otto").get("/console/auditentry/", {"q": asked})
        numbers = {row.number for row in answer.context["cl"].result_list if not row.action.startswith("sign_in")}
        assert numbers == found, asked
    for name in ("sam", "Samuel Okoye", "okoye"):
        answer = browser("otto").get("/console/auditentry/", {"q": name})
        assert {started, changed.number} <= {row.number for row in answer.context["cl"].result_list}, name
    assert cost(browser("otto"), "/console/auditentry/?q=otto") <= MOST
    assert cost(browser("otto"), "/console/auditentry/?q=cancel") <= MOST


def test_sessions_are_found_by_person_account_ticket_and_by_words_for_those_who_see_them() -> None:
    session = view_as(browser("sam"), reason="Asked about the blue card")
    for asked, found in (("sam", 1), ("Alder", 1), ("CS-1", 1), (ACCOUNT, 1), ("blue card", 1), (str(session.pk), 1),
                         ("zz", 0)):  # fmt: skip
        answer = browser("otto").get("/console/worksession/", {"q": asked})
        assert len(answer.context["cl"].result_list) == found, asked
    WorkSession.objects.update(started_at=timezone.now() - timedelta(days=91))
    assert not browser("otto").get("/console/worksession/", {"q": "blue card"}).context["cl"].result_list


@pytest.mark.parametrize("model", ["auditentry", "accessentry", "worksession", "operation"])
def test_lists_of_the_record_are_paged_by_keyset_and_never_counted(model: str) -> None:
    session = view_as(browser("sam"))
    for number in range(120):
        with transaction.atomic():
            audit.record("test.done", subject=str(number))
        operation(session)
        AccessEntry.objects.create(work_session=session, user=session.user, account_id=ACCOUNT, path=f"/{number}")
    old = [WorkSession(user=session.user, account_id=ACCOUNT, category="routine", reason="r", ended_at=timezone.now())
           for _ in range(120)]  # fmt: skip
    WorkSession.objects.bulk_create(old)
    client, seen, query = browser("otto"), [], ""
    while query is not None:
        with CaptureQueriesContext(connection) as queries:
            shown = client.get(f"/console/{model}/{query}").context["cl"]
        table = f'"console_{model}"'
        assert not [each for each in queries if "COUNT(" in each["sql"] and f"FROM {table}" in each["sql"]
                    and "LIMIT" not in each["sql"]]  # fmt: skip
        seen += [row.pk for row in shown.result_list]
        query = shown.older_url or None
    assert len(seen) == len(set(seen)) >= 120
    assert client.get(f"/console/{model}/?older=nonsense").status_code == 200
    back = client.get(f"/console/{model}/{shown.newer_url}").context["cl"]
    assert [row.pk for row in back.result_list] == seen[50:100]


def test_every_action_of_the_trail_has_words() -> None:
    client = browser("sam")
    session = work(browser("otto"))
    view_as(client)
    sessions.end(session, WorkSession.End.CLICK)
    assert [row.action for row in AuditEntry.objects.all() if row.action not in words.ACTIONS] == []
    assert words.action("some.thing") == "some.thing"
    assert words.action("operation.succeeded", "gone.verb") == "gone.verb: Succeeded"
    assert words.action("operation.succeeded", ["odd"]) == "Succeeded"


def test_the_drill_down_by_date_offers_days_that_there_were() -> None:
    view_as(browser("sam"))
    now = timezone.now()
    client = browser("otto")
    assert client.get("/console/auditentry/").context["cl"].period is None  # all is of one day
    within = client.get("/console/auditentry/", {"at__year": now.year, "at__month": now.month}).context["cl"]
    assert [each["title"] for each in within.period["choices"]] == [f"{now:%b %Y}"]
    assert within.period["back"]["title"] == f"{now.year}"
    assert within.result_list


@pytest.mark.parametrize(
    ("given", "first", "last", "inside"),
    [
        ([], [2024, 5, 3], [2026, 1, 2], [[2024], [2025], [2026]]),
        ([], [2026, 9, 3], [2026, 11, 2], [[2026, 9], [2026, 10], [2026, 11]]),
        ([], [2026, 11, 25], [2026, 11, 26], [[2026, 11, 25], [2026, 11, 26]]),
        ([], [2026, 11, 26], [2026, 11, 26], []),
        ([2024], [2023, 1, 1], [2024, 2, 2], [[2024, 1], [2024, 2]]),
        ([2024, 2], [2024, 2, 28], [2024, 3, 1], [[2024, 2, 28], [2024, 2, 29]]),
        ([2025], [2026, 1, 1], [2026, 2, 2], []),
        ([2026, 2, 3], [2026, 1, 1], [2026, 2, 9], []),
    ],
)
def test_the_drill_down_begins_where_there_is_a_choice(given: Any, first: Any, last: Any, inside: Any) -> None:
    assert records._inside(given, first, last) == inside
