"""A mail server for the tests of mail, and the console told to send there."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.smtp_server import SmtpServer


@pytest.fixture
def server(settings: Any) -> Iterator[SmtpServer]:
    """A mail server that takes everything until it is told otherwise."""
    with SmtpServer() as found:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = "console.mail.smtp.Backend", "127.0.0.1"
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = found.port, 0.5
        yield found
