"""What the webhook takes, what it refuses, and that it does no more than store."""

import io
import json
import random
import socket
import string
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection, connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.account.models import Account
from gateway import inbox, intake, queue, views
from gateway.models import Event
from tests.gateway.deliveries import (
    CONNECT,
    OLD_SECRET,
    SECRET,
    WEBHOOK,
    create_account,
    deliver,
    events_at_stripe,
    header,
    made_up,
    post,
    update_account,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
ACCOUNT = {"id": "acct_1", "object": "account"}


@pytest.fixture(autouse=True)
def secrets(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS = [SECRET, OLD_SECRET]
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_of_the_platform"]
    monkeypatch.setattr(queue, "_woken", float("-inf"))


def updated(**more: Any) -> dict[str, Any]:
    return made_up("account.updated", ACCOUNT, "acct_1") | more


def test_a_valid_event_is_stored_and_nothing_is_applied() -> None:
    event = updated(created=1_700_000_000)
    answer = deliver(event)
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    stored = Event.objects.get()
    assert (stored.id, stored.account, stored.created, stored.state) == (
        event["id"],
        "acct_1",
        1_700_000_000,
        "waiting",
    )
    assert (stored.object_key, stored.source, stored.payload) == ("account:acct_1", "webhook", event)
    assert not Account.every.exists()


@pytest.mark.django_db(transaction=True)
def test_the_request_costs_at_most_three_statements_and_mostly_one(settings: Any) -> None:
    settings.WAKE_INTERVAL = 60  # the second delivery is within it, however slow the machine
    assert 2 <= statements_of_a_delivery() <= 3
    assert statements_of_a_delivery() == 1


def statements_of_a_delivery() -> int:
    """How many statements read or write tables."""
    with CaptureQueriesContext(connection) as queries:
        assert deliver(updated()).status_code == 200
    return sum(query["sql"].startswith(("SELECT", "INSERT", "UPDATE", "DELETE")) for query in queries.captured_queries)


@pytest.mark.django_db(transaction=True)
def test_the_same_event_a_hundred_times_at_once_is_one_row_applied_once(sandbox: SandboxProcess) -> None:
    account = create_account(sandbox)
    update_account(sandbox, account, turn=1)
    event = events_at_stripe(sandbox, account, "account.updated")[-1]

    def send(number: int) -> int:
        try:
            return deliver(event).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(100)))
    assert answers == [200] * 100
    assert Event.objects.count() == 1
    assert inbox.drain() == 1
    assert inbox.drain() == 0
    assert Account.objects.get().data["metadata"] == {"turn": "1"}


@pytest.mark.parametrize("age", [301, 100_000, -62, -100_000])
def test_old_and_future_signatures_are_refused(age: int) -> None:
    assert deliver(updated(), at=time.time() - age).status_code == 400
    assert not Event.objects.exists()


@pytest.mark.parametrize("age", [0, 290, -50])
def test_a_clock_a_little_off_is_forgiven(age: int) -> None:
    assert deliver(updated(), at=time.time() - age).status_code == 200


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_during_a_roll_over_both_secrets_pass(secret: str) -> None:
    assert deliver(updated(), secret=secret).status_code == 200


@pytest.mark.parametrize("secret", ["whsec_unknown", "whsec_of_the_platform", ""])
def test_any_other_secret_is_refused(secret: str) -> None:
    assert deliver(updated(), secret=secret).status_code == 400
    assert not Event.objects.exists()


def test_each_endpoint_has_secrets_of_its_own() -> None:
    assert deliver(updated(), WEBHOOK, secret="whsec_of_the_platform").status_code == 200
    assert deliver(updated(), WEBHOOK, secret=SECRET).status_code == 400


def test_without_any_secret_nothing_passes(settings: Any, tmp_path: Any) -> None:
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS, settings.VAR_DIR = [], tmp_path
    assert deliver(updated()).status_code == 400


BROKEN_HEADERS = [
    "",
    "t=",
    "t=1",
    "v1=abc",
    "t=x,v1=y",
    "t=1,v1",
    ",,,",
    "t=1,v0=abc",
    "=",
    "t" * 9000,
    "t=1,v1=é",
    "t=" + "9" * 5000,
]


@pytest.mark.parametrize("signature", BROKEN_HEADERS, ids=range(len(BROKEN_HEADERS)))
def test_a_garbled_signature_is_refused(signature: str) -> None:
    assert post(b"{}", signature).status_code == 400


def test_a_thousand_random_headers_and_bodies_never_give_a_server_error(caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(7)
    client = Client()
    for _ in range(1000):
        body = chance.randbytes(chance.randint(0, 60))
        good = header(body) if chance.random() < 0.5 else ""
        noise = "".join(chance.choices(string.printable[:-5], k=chance.randint(0, 40)))
        assert post(body, good or noise, client=client).status_code == 400
    assert not Event.objects.exists()


def test_the_body_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    post(b'{"ssn": "000-00-1234"}', "t=1,v1=2")
    deliver({"object": "event", "id": 5, "ssn": "000-00-1234"})
    assert "000-00-1234" not in caplog.text


def nested(depth: int) -> bytes:
    return json.dumps(updated()).encode()[:-1] + b', "deep": ' + b"[" * depth + b"]" * depth + b"}"


ODD_BODIES = {
    "not UTF-8": b"\xff\xfe{}",
    "a list": b"[]",
    "a number": b"42",
    "null": b"null",
    "a text": b'"event"',
    "nothing": b"",
    "half an object": b'{"object": "event"',
    "100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "deep in a field": nested(65),
    "a key twice": b'{"object": "event", "object": "event"}',
    "NaN": b'{"object": "event", "id": NaN}',
    "Infinity": b'{"object": "event", "id": 1e999}',
    "a huge number": b'{"object": "event", "created": ' + b"9" * 5000 + b"}",
    "UTF-16": '{"object": "event"}'.encode("utf-16-le"),
    "thin": json.dumps({"id": "evt_1", "object": "v2.core.event", "type": "v2.core.account.updated"}).encode(),
    "another object": json.dumps({"id": "acct_1", "object": "account"}).encode(),
    "no id": json.dumps(updated(id=None)).encode(),
    "an empty id": json.dumps(updated(id="")).encode(),
    "a long id": json.dumps(updated(id="e" * 256)).encode(),
    "a numeric type": json.dumps(updated(type=5)).encode(),
    "no created": json.dumps(updated(created=None)).encode(),
    "created true": json.dumps(updated(created=True)).encode(),
    "created long ago": json.dumps(updated(created=-1)).encode(),
    "created far away": json.dumps(updated(created=2**70)).encode(),
    "a long account": json.dumps(updated(account="a" * 300)).encode(),
    "a long key": json.dumps(updated(request={"id": None, "idempotency_key": "k" * 300})).encode(),
}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES.keys())
def test_a_signed_body_that_is_no_event_is_refused(body: bytes) -> None:
    answer = post(body, header(body))
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/plain")
    assert not Event.objects.exists()


ODD_OBJECTS: dict[str, Any] = {
    "a fraction": {"data": {"object": {**ACCOUNT, "share": 0.5}}},
    "no data": {"data": None},
    "data a list": {"data": []},
    "object a text": {"data": {"object": "acct_1"}},
    "object without id": {"data": {"object": {"object": "account"}}},
    "kind a list": {"data": {"object": {"object": ["account"], "id": "acct_1"}}},
    "a long row id": {"data": {"object": {"object": "account", "id": "a" * 300}}},
    "a request of old": {"request": "req_old"},
    "no request": {"request": None},
    "a version of old": {"api_version": None},
}


@pytest.mark.parametrize("more", ODD_OBJECTS.values(), ids=ODD_OBJECTS.keys())
def test_an_event_with_an_odd_inside_is_kept(more: dict[str, Any]) -> None:
    assert deliver(updated(**more)).status_code == 200
    assert Event.objects.count() == 1


def test_what_no_database_takes_is_replaced() -> None:
    event = updated(data={"object": {**ACCOUNT, "na\x00me": "\x00 and \ud800", "list": ["\udfff"]}})
    assert deliver(event).status_code == 200
    shown = Event.objects.get().payload["data"]["object"]
    assert (shown["na\ufffdme"], shown["list"]) == ("\ufffd and ?", ["?"])


def test_a_type_that_nothing_follows_is_kept_and_ignored() -> None:
    assert deliver(made_up("tax.rate.created", {"id": "txr_1", "object": "tax_rate"}, "acct_1")).status_code == 200
    assert Event.objects.get().state == "ignored"
    assert inbox.drain() == 0


@pytest.mark.parametrize(
    ("account", "data", "state"),
    [
        ("acct_1", {"id": "po_1", "object": "payout"}, "waiting"),
        (None, {"id": "po_1", "object": "payout"}, "ignored"),  # the platform's own
        ("acct_1", {"object": "issuing.card"}, "ignored"),  # its mirror cannot tell which it is
    ],
)
def test_a_type_that_is_asked_for_waits_though_no_mirror_has_its_object(
    account: str | None, data: dict[str, Any], state: str
) -> None:
    deliver(made_up("payout.paid", data, account))
    assert Event.objects.get().state == state


def test_our_key_on_a_type_that_nothing_follows_reaches_the_listeners() -> None:
    request = {"id": "req_1", "idempotency_key": "ours"}
    deliver(made_up("file.created", {"id": "file_1", "object": "file"}, "acct_1", request=request))
    heard: list[str] = []
    inbox.on_settled(lambda events: heard.extend(event.idempotency_key for event in events))
    assert inbox.drain() == 1
    assert (heard, Event.objects.get().state) == (["ours"], "ignored")


def test_another_modes_event_is_quarantined_for_good() -> None:
    deliver(updated(livemode=True))
    event = Event.objects.get()
    assert (event.state, event.error) == ("quarantined", intake.OTHER_MODE)
    assert not inbox.replay(event.pk)
    inbox.sweep()
    assert inbox.drain() == 0
    assert Event.objects.get().state == "quarantined"


def test_the_platforms_own_account_is_no_connected_account() -> None:
    deliver(made_up("account.updated", {"id": "acct_platform", "object": "account"}))
    assert Event.objects.get().state == "ignored"


def test_a_deauthorized_account_is_the_events_account() -> None:
    application = {"id": "ca_1", "object": "application", "name": "Northgate"}
    deliver(made_up("account.application.deauthorized", application, "acct_1"))
    deliver(made_up("account.application.deauthorized", application))
    assert sorted(Event.objects.values_list("object_key", flat=True)) == ["", "account:acct_1"]


def test_a_body_over_the_limit_is_refused_at_once() -> None:
    factory = RequestFactory()
    request = factory.post(CONNECT, b"x", content_type="application/json")
    request.META["CONTENT_LENGTH"] = str(views.LARGEST + 1)
    request._stream = None  # whoever reads it, fails
    assert views.connect_webhook(request).status_code == 413


@pytest.mark.parametrize("length", ["-5", "1e3", "abc", "9" * 40])
def test_a_content_length_that_is_none_is_refused(length: str) -> None:
    request = RequestFactory().post(CONNECT, b"{}", content_type="application/json")
    request.META["CONTENT_LENGTH"] = length
    assert views.connect_webhook(request).status_code == 413


def test_a_body_at_the_limit_is_taken() -> None:
    event = updated(data={"object": {**ACCOUNT, "filler": ""}})
    event["data"]["object"]["filler"] = "x" * (views.LARGEST - len(json.dumps(event)))
    assert deliver(event).status_code == 200


class Wire:
    """The application behind a real socket."""

    def __enter__(self) -> "Wire":
        class Quiet(WSGIRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

        self.server = make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def send(self, *parts: bytes) -> bytes:
        with socket.create_connection(self.server.server_address[:2], timeout=5) as wire:
            try:
                for part in parts:
                    wire.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered and hung up, which is what we want to see
            try:
                return wire.recv(100)
            except ConnectionResetError:
                return b"reset"


def test_a_chunked_body_does_not_pass_and_costs_no_memory() -> None:
    start = f"POST {CONNECT} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with Wire() as wire:
        wire.send(start, b"0\r\n\r\n")
        tracemalloc.start()
        answer = wire.send(start, *[chunk] * 64, b"0\r\n\r\n")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert b" 400 " in answer or answer == b"reset"
    assert peak < 1_000_000


def test_a_body_that_ends_early_is_refused() -> None:
    class Torn(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise OSError("connection reset")

    request = RequestFactory().post(CONNECT, b"{}", content_type="application/json")
    request._stream = Torn()
    assert views.connect_webhook(request).status_code == 400


def test_only_post_is_answered() -> None:
    assert Client().get(CONNECT).status_code == 405


def test_a_database_that_is_away_is_answered_with_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(intake, "keep", away)
    assert deliver(updated()).status_code == 503


@pytest.mark.django_db(transaction=True)
def test_a_queue_that_is_away_costs_no_event() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_q_ormq RENAME TO django_q_away")
    try:
        assert deliver(updated()).status_code == 200
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE django_q_away RENAME TO django_q_ormq")
    assert Event.objects.get().state == "waiting"
    assert inbox.sweep() == 1
