"""The client when Stripe cannot be reached, is in trouble, or sends what is no answer of Stripe's."""

import logging
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from gateway import client
from gateway.errors import Unreachable
from tests.gateway.creating import create, number_of_accounts
from tests.gateway.scripted import ACCOUNT, Scripted, good
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def faulty(sandbox: SandboxProcess, fault: str, **more: Any) -> Unreachable:
    sandbox.control("faults", [{"match": "POST /v1/accounts", "times": 1, "fault": fault, **more}])
    with pytest.raises(Unreachable) as caught:
        create()
    return caught.value


# Unreachable: nobody knows, or later


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("409", 409), ("500", 500), ("503", 503)])
def test_trouble_of_stripes_is_not_final(sandbox: SandboxProcess, fault: str, status: int) -> None:
    error = faulty(sandbox, fault)
    assert (error.status, error.sent, error.replayed) == (status, True, False)
    assert error.request_id.startswith("req_")
    assert str(status) in str(error)
    assert not create().replayed
    assert number_of_accounts() == 1


@pytest.mark.parametrize("fault", ["500_after", "reset_after"])
def test_act_whose_answer_was_lost_is_found_with_the_same_key(sandbox: SandboxProcess, fault: str) -> None:
    assert faulty(sandbox, fault).sent
    assert create().replayed
    assert number_of_accounts() == 1


def test_stored_error_says_that_the_key_is_used_up(sandbox: SandboxProcess) -> None:
    assert not faulty(sandbox, "500_replayed").replayed
    with pytest.raises(Unreachable) as caught:
        create()
    assert caught.value.replayed


def test_reset_before_the_act_may_have_reached_stripe(sandbox: SandboxProcess) -> None:
    error = faulty(sandbox, "reset_before")
    assert (error.status, error.sent, error.request_id) == (0, True, "")
    assert not create().replayed


def test_slow_stripe_is_given_up_in_time(sandbox: SandboxProcess, settings: Any) -> None:
    settings.STRIPE_TIMEOUT = 0.01  # never less than the second that is left to the call itself
    started = time.monotonic()
    error = faulty(sandbox, "slow:3")
    assert time.monotonic() - started < 2.5
    assert (error.status, error.sent, str(error)) == (0, True, "Stripe did not answer in time.")


def test_closed_port_is_certain_to_have_got_nothing(settings: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unreachable) as caught:
            client.get("/v1/balance", account=None)
    assert not caught.value.sent
    assert "/v1/" not in str(caught.value)


@pytest.mark.parametrize("base", ["http://", "ftp://127.0.0.1", "http://[", "nonsense"])
def test_address_that_is_none_is_certain_to_have_got_nothing(settings: Any, base: str) -> None:
    settings.STRIPE_API_BASE = base
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert not caught.value.sent


def test_error_chain_shows_no_parameters(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    params = {"email": "".join(["ana", "@", "example.com"])}  # the source line itself stands in the traceback
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/accounts", params, account=None)
    logging.getLogger("gateway").exception("it failed", exc_info=caught.value)
    assert "example.com" not in caplog.text


@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("0.5", 0.5), ("soon", None), ("", None), ("-3", None)])
def test_retry_after_in_seconds(scripted: Callable[..., Scripted], value: str, seconds: float | None) -> None:
    scripted(good(b"{}", status=429, Retry_After=value))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(("ahead", "seconds"), [(30, 30.0), (-30, 0.0)])
def test_retry_after_as_a_date_counts_from_the_answers_own(
    scripted: Callable[..., Scripted], ahead: int, seconds: float
) -> None:
    base = 2_000_000_000
    headers = {"Date": formatdate(base, usegmt=True), "Retry_After": formatdate(base + ahead, usegmt=True)}
    scripted(good(b"{}", status=503, **headers))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.retry_after == seconds


def test_retry_after_as_a_date_counts_from_now_where_the_answer_has_none(scripted: Callable[..., Scripted]) -> None:
    scripted((503, {"Retry-After": formatdate(time.time() + 100, usegmt=True)}, b""))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.retry_after is not None
    assert 95 <= caught.value.retry_after <= 100


GARBAGE = [
    b"",
    b"<html>502 Bad Gateway</html>",
    b"[1, 2]",
    b"3",
    b"null",
    b'"text"',
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"error": "invalid_client"}',
    b'{"error": [1]}',
    b'{"no": "object"}',
    b'{"object": 1}',
]


@pytest.mark.parametrize("status", [200, 302, 400, 404, 500])
@pytest.mark.parametrize("body", GARBAGE, ids=lambda body: repr(body[:12]))
def test_garbage_is_never_an_answer(scripted: Callable[..., Scripted], status: int, body: bytes) -> None:
    scripted((status, {}, body))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.status == status
    assert caught.value.sent


def test_half_an_answer_is_unreachable(scripted: Callable[..., Scripted], settings: Any) -> None:
    settings.STRIPE_TIMEOUT = 1.0
    scripted((200, {"Content-Length": "5000", "Connection": "close"}, ACCOUNT))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.sent


def test_time_of_sending_stays_within_what_the_answer_proves(scripted: Callable[..., Scripted]) -> None:
    scripted(good(Date=formatdate(2_000_000_000, usegmt=True)))
    assert client.get("/v1/balance", account=None).sent_at == 2_000_000_000
    scripted((200, {"Request-Id": "req_1"}, ACCOUNT))
    assert abs(client.get("/v1/balance", account=None).sent_at - 2_000_000_000) <= 2
    scripted(good(Date=formatdate(1_000_000_000, usegmt=True)))
    assert client.get("/v1/balance", account=None).sent_at == 1_000_000_000
