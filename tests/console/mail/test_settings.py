"""How mail is set up: in live mode it crosses no network in the clear."""

from typing import Any

import pytest

from console.running.checks import live_mail_is_encrypted


@pytest.mark.parametrize(
    ("mode", "host", "tls", "ssl", "wrong"),
    [
        ("live", "mail.example.com", False, False, True),
        ("live", "mail.example.com", True, False, False),
        ("live", "mail.example.com", False, True, False),
        ("live", "localhost", False, False, False),
        ("live", "", False, False, False),
        ("test", "mail.example.com", False, False, False),
    ],
)
def test_live_mail_is_encrypted_or_stays_on_this_machine(
    settings: Any, mode: str, host: str, tls: bool, ssl: bool, wrong: bool
) -> None:
    settings.CONSOLE_MODE, settings.EMAIL_HOST = mode, host
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = tls, ssl
    found = live_mail_is_encrypted(None)
    assert [error.id for error in found] == (["console.E007"] if wrong else [])
    assert all("mail.example.com" not in str(error) for error in found)
