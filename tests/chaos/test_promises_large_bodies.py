"""What is too large for the webhook is refused by the server that runs in production, and costs it no memory."""

import http.client
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, children

pytestmark = [pytest.mark.chaos, pytest.mark.prove, pytest.mark.quiet]
CHUNK, TIMES, MAY_GROW = b"x" * 65_536, 8, 24 * 1024  # KiB
SMALL, LARGE = 1, 512  # chunks: 64 KiB, which is read, and 32 MiB


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path) as stack:
        yield stack


def memory(stack: Stack) -> int:
    """What the web server's processes have held at most, together, in KiB."""
    web = stack.part("web")
    shown = [Path(f"/proc/{pid}/status").read_text() for pid in [web, *children(web)]]
    return sum(int(re.findall(r"VmHWM:\s+(\d+) kB", text)[0]) for text in shown)


def send(stack: Stack, chunks: int, *, chunked: bool) -> int | None:
    """The status that a body gets; None where the server hung up before we had heard it."""
    length = {} if chunked else {"Content-Length": str(len(CHUNK) * chunks)}
    wire = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    body = (CHUNK for _ in range(chunks))
    try:
        wire.request("POST", "/webhooks/stripe/connect/", body, length, encode_chunked=chunked)
        return wire.getresponse().status
    except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
        return None
    finally:
        wire.close()


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "with its length"])
def test_large_bodies_are_refused_by_the_real_server_in_flat_memory(stack: Stack, chunked: bool) -> None:
    assert {send(stack, SMALL, chunked=chunked) for _ in range(TIMES)} <= {400, 413}
    before = memory(stack)
    assert {send(stack, LARGE, chunked=chunked) for _ in range(TIMES)} <= {400, 413, None}
    assert memory(stack) - before < MAY_GROW
    assert stack.ask("Event.objects.count()") == 0
