"""Every address × everybody, against tests/permissions.py; and a GET writes nothing but the trail of viewing."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from console.approvals.models import Approval
from console.bulk.models import BulkRun
from console.mail import mails
from console.mail.models import Mail
from console.operations.models import Operation
from console.people.models import User
from console.record.models import AuditEntry
from console.viewing.models import AccessEntry, WorkSession
from gateway.models import Event
from tests.answers import check_headers, check_page
from tests.console.jobs.made import exported
from tests.issuing import rows
from tests.keeping import once
from tests.people import ACCOUNT, PEOPLE, browser, known_accounts, person, view_as, work
from tests.permissions import ACTORS, REASON, SIGN_IN, TABLE, Answer, Row
from tests.world import brake, freeze

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]
WHO = {role: name for name, role in PEOPLE.items()}
MAY_BE_WRITTEN = {"console_accessentry", "console_worksession", "django_session"}
WRITE = re.compile(r'^(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+"(\w+)"')


def patterns(resolver: object = None, before: str = "") -> Iterator[str]:
    """Name of every URL pattern, or its whole route where it has none."""
    for entry in (resolver or get_resolver()).url_patterns:  # type: ignore[attr-defined]
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield entry.name or route
        else:
            yield from patterns(entry, route)


def one_of_each() -> dict[str, str]:
    """One of everything that an address can name."""
    known_accounts()
    sam, vera = person("sam"), person("vera")
    session = view_as(browser("sam"))
    WorkSession.objects.filter(pk=session.pk).update(ended_at=timezone.now(), end="click")
    access = AccessEntry.objects.create(work_session=session, user=sam, account_id=ACCOUNT, path="/")
    operation = Operation.objects.create(verb="tests.gone", user=sam, reason="r", key="k", form_token=uuid.uuid4().hex)
    approval = Approval.objects.create(operation=operation, requester=sam, why="Always.", digest="d")
    event = Event.objects.create(
        id="evt_1Tests", type="account.updated", created=1, livemode=False, payload={}, received_at=timezone.now()
    )
    mail, kept = (mails.queue("test", "vera@example.com", {"link": "me"}) for _ in range(2))
    Mail.objects.filter(pk=kept.pk).update(state="sent", settled_at=timezone.now())
    entry = AuditEntry.objects.first()
    assert entry
    card = rows.card(rows.cardholder())
    authorization = rows.authorization(card, reason="insufficient_funds")
    run = BulkRun.objects.create(verb="issuing.deactivate_card", user=sam, form_token=uuid.uuid4().hex)
    return {
        "bulk_run": str(run.pk),
        "cardholder": str(card.cardholder_id),
        "card": card.pk,
        "authorization": authorization.pk,
        "transaction": rows.transaction(authorization).pk,
        "topup": rows.topup().pk,
        "account": ACCOUNT,
        "brake": str(brake().pk),
        "freeze": str(freeze().pk),
        "operation": str(operation.pk),
        "approval": str(approval.pk),
        "event": event.pk,
        "mail": mail.pk,
        "kept_mail": kept.pk,
        "user": str(vera.pk),
        "work_session": str(session.pk),
        "access_entry": str(access.pk),
        "audit_entry": str(entry.pk),
        "job": str(exported(person("otto")).pk),
    }


made = once(one_of_each)


def signed_in(actor: str) -> Client:
    """This actor's browser."""
    if actor == "anonymous":
        return Client()
    client = browser(WHO.get(actor, "otto"))
    if actor == "disabled":
        User.objects.filter(username="otto").update(is_active=False)
    if actor in ("look", "work"):
        (view_as if actor == "look" else work)(client)
    return client


def ask(client: Client, row: Row, made: dict[str, str]) -> Answer:
    """The status, or where it leads where that says more; every answer is looked at on the way."""
    data = {name: value.format(**made) for name, value in row.data.items()}
    answer = getattr(client, row.method)(row.path.format(**made), data)
    check_headers(answer)
    check_page(answer)
    location = answer.headers.get("Location", "")
    if location.startswith("/login/"):
        return SIGN_IN
    return REASON if "/view-as?next=" in location else answer.status_code


def test_the_table_names_every_address_and_no_other() -> None:
    assert set(patterns()) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_everybody_gets_what_the_table_says(name: str, made: dict[str, str]) -> None:
    row, found = TABLE[name], {}
    for actor in ACTORS:
        client = signed_in(actor)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found[actor] = ask(client, row, made)
        User.objects.update(is_active=True)
        if row.method == "get":
            assert {table for query in queries for table in WRITE.findall(query["sql"])} <= MAY_BE_WRITTEN, actor
    assert found == {actor: row.expected(actor) for actor in ACTORS}


def test_who_opens_the_address_of_an_act_is_told_so_and_shown_a_way_on(made: dict[str, str]) -> None:
    client, acts = signed_in("administrator"), [row for row in TABLE.values() if row.method == "post"]
    work(client)
    for row in acts:
        answer = client.get(row.path.format(**made))
        if answer.status_code == 405:
            check_page(answer)
            assert "Nothing was changed" in answer.content.decode(), row.path
            assert answer.headers["Allow"] == "POST"
        assert answer.content or answer.headers.get("Location"), row.path
