"""A sandbox for each test, emptied, whose traffic the referee has read when the test ends."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.referee.check_traffic import Checker
from tests.sandbox.issuer import Issuer
from tests.sandbox.stock import Stock
from tests.sandbox_process import SandboxProcess
from tests.webhook_receiver import WebhookReceiver

CONTROLLER = {
    "controller[stripe_dashboard][type]": "none",
    "controller[fees][payer]": "application",
    "controller[losses][payments]": "application",
    "controller[requirement_collection]": "application",
    "capabilities[card_issuing][requested]": "true",
    "capabilities[transfers][requested]": "true",
    "country": "US",
}


@pytest.fixture(scope="session")
def referee() -> Checker:
    return Checker()


def violations(referee: Checker, traffic: list[dict[str, Any]]) -> list[str]:
    return [
        line
        for record in traffic
        for line in (referee.event(record["event"]) if "event" in record else referee.exchange(record))
    ]


@pytest.fixture
def box(sandbox_process: SandboxProcess, referee: Checker) -> Iterator[SandboxProcess]:
    """An emptied sandbox; at the end of the test the referee must find nothing in its traffic."""
    sandbox_process.reset()
    yield sandbox_process
    assert violations(referee, sandbox_process.traffic()) == []


@pytest.fixture
def stock(box: SandboxProcess) -> Stock:
    """The emptied sandbox, spoken to with the stock client."""
    return Stock(box)


@pytest.fixture
def issuer(box: SandboxProcess) -> Issuer:
    """An account of the emptied sandbox that may issue."""
    return Issuer(box)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


def make_account(box: SandboxProcess, **extra: str) -> dict[str, Any]:
    status, account, _ = box.api("POST", "/v1/accounts", {**CONTROLLER, **extra})
    assert status == 200, account
    return account


def listen(box: SandboxProcess, url: str, *, connect: bool = True, types: tuple[str, ...] = ("*",)) -> dict[str, Any]:
    """Register an endpoint; the answer holds its secret."""
    params = [("url", url), ("connect", str(connect).lower())]
    params += [(f"enabled_events[{index}]", name) for index, name in enumerate(types)]
    status, endpoint, _ = box.api("POST", "/v1/webhook_endpoints", params)
    assert status == 200, endpoint
    return endpoint
