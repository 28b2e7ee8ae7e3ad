"""Headers on every answer, read-only means read-only, other accounts' objects are not there, live mode is hardened."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.http import Http404
from django.test import Client, RequestFactory

from accounts.persons.models import Person
from console.record.models import AuditEntry
from console.viewing.access import get_object
from tests.answers import check_headers, check_page
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person
from tests.test_permissions import one_of_each

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
made = pytest.fixture(one_of_each)
ROOT = Path(__file__).resolve().parents[3]


def test_pages_after_a_wrong_entry_have_nothing_inline_either() -> None:
    known_accounts()
    ana, form = browser("ana"), {"form_token": "x"}
    for path in ("/login/", "/staff/new", "/do/accounts.create_account/", f"/connect/accounts/{ACCOUNT}/view-as"):
        form["for_account"] = "" if "/do/" in path else ACCOUNT
        answer = (Client() if path == "/login/" else ana).post(path, form)
        check_headers(answer)
        check_page(answer)


@pytest.mark.parametrize("path", ["/", "/login/", "/no/such"])
def test_a_strange_host_gets_the_headers_too(path: str) -> None:
    check_headers(Client().get(path, HTTP_HOST="evil.example"))


HOSTILE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "http:evil.example",
    "http:///evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "https://testserver@evil.example",
    "https://testserver.evil.example",
    "https://evil.example/testserver",
    "//testserver@evil.example",
    "https:testserver",
    "\x00//evil.example",
    " //evil.example",
    "ftp://testserver/",
    "http://[::1",
    "//evil.example\\@testserver",
    "https://evil.example#testserver",
    "https://evil.example?testserver",
    "/\x0b/evil.example",
    "////evil.example",
    "https://ｅvil.example",
    "file:///etc/passwd",
    "//evil。example",
]


@pytest.mark.parametrize("target", HOSTILE)
def test_the_sign_in_leads_to_our_own_host_only(target: str) -> None:
    user = person("vera")
    user.set_password("correct horse battery")
    user.save()
    answer = Client().post("/login/", {"username": "vera", "password": "correct horse battery", "next": target})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert urlsplit(answer["Location"]).netloc == ""


@pytest.mark.parametrize("target", ["/console/auditentry/{audit_entry}/change/", "/gateway/event/{event}/change/"])
def test_posting_to_a_record_changes_nothing(target: str, made: dict[str, str]) -> None:
    before = list(AuditEntry.objects.values_list("digest", flat=True))
    answer = browser("ana").post(target.format(**made), {"action": "nothing happened", "state": "done", "_save": "1"})
    assert answer.status_code == 403
    assert [digest for digest in AuditEntry.objects.values_list("digest", flat=True) if digest in before] == before


def test_an_object_is_there_for_its_own_account_only() -> None:
    known_accounts()
    row = Person.objects.create(id="person_1Own", account_id=ACCOUNT, data={"id": "person_1Own"})
    request = RequestFactory().get("/")
    request.user = person("sam")
    assert get_object(request, Person.objects.all(), ACCOUNT, "person_1Own") == row
    for account, object_id in ((OTHER_ACCOUNT, "person_1Own"), (ACCOUNT, "person_1Nobody")):
        with pytest.raises(Http404):
            get_object(request, Person.objects.all(), account, object_id)
    entry = AuditEntry.objects.get(action="access.refused")
    assert (entry.account_id, entry.subject, entry.user_name) == (OTHER_ACCOUNT, "person_1Own", "sam")
    assert entry.detail == {"belongs_to": ACCOUNT}


def over_https(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A process of its own with the settings of an installation behind https."""
    environment = {
        **os.environ,
        "CONSOLE_TESTS": os.environ.get("PYTEST_XDIST_WORKER", "main"),
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "CONSOLE_URL": "https://console.example",
        "ALLOWED_HOSTS": "console.example",
        "CONSOLE_MODE": "test",
        "STRIPE_SECRET_KEY": "sk_test_1",
        "STRIPE_WEBHOOK_SECRETS": "whsec_1",
        "STRIPE_CONNECT_WEBHOOK_SECRETS": "whsec_2",
        **more,
    }
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_over_https_cookies_are_bound_to_the_host_and_the_browser_stays_on_https() -> None:
    names = [
        "SESSION_COOKIE_NAME",
        "CSRF_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS",
        "SESSION_COOKIE_HTTPONLY",
    ]
    script = (
        f"import json; from django.conf import settings; print(json.dumps([getattr(settings, n) for n in {names}]))"
    )
    assert json.loads(over_https("-c", script).stdout) == ["__Host-session", "__Host-csrf", True, 365 * 24 * 3600, True]


def test_the_deployment_check_has_nothing_to_say() -> None:
    check = over_https("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({}, "gateway.E012"),
        ({"DEBUG": "1"}, "gateway.E008"),
        ({"CONSOLE_URL": "http://console.example"}, "gateway.E009"),
        ({"DEMO_USERS": "1"}, "gateway.E011"),
    ],
)
def test_live_mode_does_not_start_unless_it_is_hardened(change: dict[str, str], finding: str) -> None:
    check = over_https("manage.py", "check", **{"CONSOLE_MODE": "live", "STRIPE_SECRET_KEY": "sk_live_1", **change})
    assert check.returncode != 0
    assert finding in check.stderr


def test_a_page_that_repeats_nothing_of_its_request_is_compressed_and_no_other() -> None:
    known_accounts()
    client, gzip = browser("ana"), {"HTTP_ACCEPT_ENCODING": "gzip"}
    page = client.get("/accounts/account/", **gzip)
    assert page.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page.headers["Vary"]
    for path in ("/accounts/account/?q=alder", "/search?q=alder", "/no/such/page/"):
        assert "Content-Encoding" not in client.get(path, **gzip).headers, path
    assert "Content-Encoding" not in client.post("/do/accounts.create_account/", {"reason": "x" * 500}, **gzip).headers
    assert "Content-Encoding" not in client.get("/accounts/account/").headers
