"""A variable that cannot be read is one line that names it, wherever the console is started."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.stack import ROOT

WRONG = [
    *[("PORT", value) for value in ("abc", "0", "-1", "65536", "80.5", "8_0", "٣")],
    *[("SANDBOX_PORT", "x"), ("THREADS", "0"), ("WORKERS", "-2"), ("WORKERS", "two"), ("SIGN_IN_HASHES", "0")],
    *[("STRIPE_TIMEOUT", value) for value in ("ten", "0", "-1", "nan", "inf", "1e400")],
    *[("WORKER_TICK", "0"), ("QUEUE_POLL", "0"), ("SWEEP_INTERVAL", "-1"), ("DATABASE_LOCK_TIMEOUT", "1s")],
    *[("DEBUG", "maybe"), ("DEMO_USERS", "2"), ("BEHIND_PROXY", "ture"), ("LOG_LEVEL", "loud")],
    *[("CONSOLE_URL", value) for value in ("console.example", "ftp://x", "https://", "http://x:port", "http://[::1")],
    *[("ONBOARDING_URL", "javascript:alert(1)"), ("CACHE_URL", "nonsense://pw@x"), ("ENV_FILE", "/nowhere/.env")],
    *[("DATABASE_URL", value) for value in ("garbage", "mysql://u:pw@h/x", "postgres://u:pw@h:port/x", "sqlite://x")],
    *[("DATABASE_URL", value) for value in ("postgres://u:pw@h:99999/x", "postgres://u:pw@h", "sqlite:///", "://pw@")],
    *[("EMAIL_URL", value) for value in ("smtps://u:pw@h", "h:25", "smtp://", "smtp://u:pw@h:port", "smtp://u:pw@h/x")],
    *[("MAIL_FROM", value) for value in ("x", "X <x@example.com>", "a@b Bcc: c@d")],
    ("EMAIL_TIMEOUT", "0"),
    *[("VAR_DIR", value) for value in ("/", "/dev/null", "/proc/nowhere")],
]


def settings() -> dict[str, Any]:
    """What the settings make of the environment as it is now."""
    return runpy.run_path(str(ROOT / "console" / "settings.py"))


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_it_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as caught:
        settings()
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)
    assert "pw" not in str(caught.value)  # a password is not repeated


@pytest.mark.parametrize(
    ("name", "value", "setting", "meant"),
    [
        ("PORT", " 8123 ", "PORT", 8123),
        ("PORT", "", "PORT", 8000),
        ("STRIPE_TIMEOUT", "2.5", "STRIPE_TIMEOUT", 2.5),
        ("STRIPE_TIMEOUT", "", "STRIPE_TIMEOUT", 10.0),
        ("DEBUG", "Yes", "DEBUG", True),
        ("DEBUG", "OFF", "DEBUG", False),
        ("LOG_LEVEL", "warning", "LOG_LEVEL", "WARNING"),
        ("CONSOLE_URL", "https://console.example/", "CONSOLE_URL", "https://console.example"),
        ("EMAIL_URL", "", "EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend"),
        ("EMAIL_URL", "smtp+tls://a%40b:p%2Fw@mail.example", "EMAIL_PORT", 587),
        ("EMAIL_URL", "smtp+tls://a%40b:p%2Fw@mail.example", "EMAIL_HOST_USER", "a@b"),
        ("EMAIL_URL", "smtp+tls://a%40b:p%2Fw@mail.example", "EMAIL_HOST_PASSWORD", "p/w"),
        ("EMAIL_URL", "smtp+tls://mail.example", "EMAIL_USE_TLS", True),
        ("EMAIL_URL", "smtp+ssl://mail.example", "EMAIL_USE_SSL", True),
        ("EMAIL_URL", "smtp://localhost:2525/", "EMAIL_PORT", 2525),
        ("EMAIL_URL", "smtp://localhost", "EMAIL_BACKEND", "console.mail.smtp.Backend"),
        ("MAIL_FROM", "cards@example.com", "DEFAULT_FROM_EMAIL", "Northgate Cards <cards@example.com>"),
        ("PLATFORM_NAME", 'Nørd\n"gåte"', "DEFAULT_FROM_EMAIL", "=?utf-8?b?TsO4cmQgImfDpXRlIg==?= <console@127.0.0.1>"),
        ("DATABASE_URL", "", "OWN_DATABASE", Path(os.environ["VAR_DIR"]) / "console.sqlite3"),
    ],
)
def test_what_can_be_read_is_read(
    name: str, value: str, setting: str, meant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert settings()[setting] == meant


def test_a_folder_of_any_name_holds_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "a b+c#d%20?"))
    monkeypatch.delenv("DATABASE_URL")
    found = settings()["DATABASES"]["default"]["NAME"]
    assert found == str(tmp_path / "a b+c#d%20?" / "console.sqlite3")


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_secret_that_cannot_be_read_is_one_line(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret_key"
    file.mkdir() if content is None else file.write_bytes(content)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    with pytest.raises(ImproperlyConfigured, match=rf"^{file} cannot be used: .*\. Restore it, or set SECRET_KEY\.$"):
        settings()


def test_every_program_says_it_in_one_line() -> None:
    programs = [
        ["manage.py", "migrate"],
        ["manage.py", "worker"],
        ["-m", "console.running.launcher"],
        ["-m", "gunicorn", "--config", "console/running/gunicorn.py", "--check-config"],
    ]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "PORT": "abc"}
    started = [
        subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for words in programs
    ]
    for process in started:
        said, wrong = process.communicate(timeout=60)
        assert (process.returncode, said) == (1, b"")
        assert wrong == b"PORT='abc' cannot be read: set it to a whole number from 1 to 65535.\n"


def test_the_web_servers_own_variable_too() -> None:
    command = [sys.executable, "-m", "gunicorn", "--config", "console/running/gunicorn.py", "--check-config"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "WEB_WORKERS": "x"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"WEB_WORKERS='x' cannot be read: set it to a whole number from 1.\n"
