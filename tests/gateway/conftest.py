"""An inbox of one's own, and servers that answer as a test wrote them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway import applying, inbox, queue
from tests.gateway.deliveries import SECRET, create_account, events_at_stripe, receive
from tests.gateway.scripted import Scripted
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def fresh_inbox(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our Connect secret, nobody woken yet, no listener."""
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS = [SECRET]
    monkeypatch.setattr(queue, "_woken", float("-inf"))
    monkeypatch.setattr(applying, "listeners", [])


@pytest.fixture
def account(sandbox: SandboxProcess, fresh_inbox: None) -> str:
    """A connected account that the mirror has, with nothing waiting."""
    account = create_account(sandbox)
    receive(*events_at_stripe(sandbox, account))
    inbox.drain()
    return account


@pytest.fixture
def scripted(settings: Any) -> Iterator[Callable[..., Scripted]]:
    """Starts scripted servers that the gateway takes for Stripe."""
    running: list[Scripted] = []

    def start(answer: Any) -> Scripted:
        server = Scripted(answer).__enter__()
        running.append(server)
        settings.STRIPE_API_BASE = server.url
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)
