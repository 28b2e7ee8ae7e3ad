"""Secrets pushed through every path, then looked for in all that the console keeps and says."""

import http.cookiejar
import json
import re
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import PASSWORD, Stack, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.prove]
SSN, TAX_ID, BANK, SECRET_KEY = "536904217", "841277359", "000853219764", "sk_test_51NeverToBeSeenAnywhere"
BORN = "1987-11-23"  # as staff type it; Stripe's own form of it lives in the mirror
CARD_NUMBER = re.compile(r"(?<![0-9A-Za-z.])[2-6][0-9]{12,18}(?![0-9A-Za-z])")  # moments in figures begin with a 1
TOKEN = re.compile(r'name="(csrfmiddlewaretoken|form_token|for_account)" value="([^"]*)"')
SHOWN_ONCE = re.compile(r"con_[A-Za-z0-9_-]{30,}")
HOLDER = {
    "type": "individual",
    "name": "Amara Okonkwo",
    "first_name": "Amara",
    "last_name": "Okonkwo",
    "line1": "510 Townsend St",
    "city": "San Francisco",
    "state": "CA",
    "postal_code": "94103",
    "country": "US",
    "reason": "The customer asked for it",
}


class Staff:
    """One member of staff over plain HTTP: cookies, forms with their hidden fields."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.jar = stack, http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.post("/login/", username="otto", password=PASSWORD)

    def get(self, path: str) -> str:
        try:
            with self.opener.open(self.stack.url + path, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def post(self, path: str, *, to: str = "", **values: str) -> str:
        """Fill in the page's own form and send it, `to` another address if need be; the answer, whatever its status."""
        page = self.get(path)
        form = urllib.parse.urlencode({**dict(TOKEN.findall(page)), **values}).encode()
        try:
            with self.opener.open(self.stack.url + (to or path), form, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, STRIPE_SECRET_KEY=SECRET_KEY, LOG_LEVEL="DEBUG") as stack:
        yield stack


def luhn(number: str) -> bool:
    """Whether digits check as a card number's do."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def kept(stack: Stack) -> dict[str, str]:
    """All that the console itself holds: its database as SQL, its logs. The sandbox is Stripe, and not looked at."""
    database = sqlite3.connect(stack.var_dir / "console.sqlite3")
    found = {"database": "\n".join(database.iterdump())}
    database.close()
    logs = [path for path in (stack.var_dir / "log").glob("*.log") if "sandbox" not in path.name]
    return found | {path.name: path.read_text(errors="replace") for path in logs}


def files_of_secrets(stack: Stack) -> list[str]:
    """What stands in the files of secrets; nobody but the console's own user may read them."""
    names = ("secret_key", "demo_password", "webhook_secret_platform", "webhook_secret_connect")
    files = [stack.var_dir / name for name in names]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    return [secret for path in files for secret in path.read_text().split()]


def send_event(stack: Stack, body: bytes, signature: str) -> int:
    request = urllib.request.Request(f"{stack.url}/webhooks/stripe/", body, {"Stripe-Signature": signature})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def push(stack: Stack) -> list[str]:
    """Good, wrong and refused entries through pages, search, webhook and addresses; the answers that staff got."""
    box = cast("SandboxProcess", SimpleNamespace(url=stack.sandbox_url, control=stack.control))
    issuer = Issuer(box, funds=50_000)
    issuer.stock.update(issuer.account, external_account={**BANK_ACCOUNT, "account_number": BANK})
    issuer.authorize(issuer.card()["id"], 1200)
    wait_until(lambda: stack.ask("Event.objects.exclude(state='done').count()") == 0, 60, "events applied")
    staff = Staff(stack)
    form = f"/connect/accounts/{issuer.account}/do/issuing.create_cardholder"
    answers = [
        staff.post(form, **HOLDER, dob=BORN),
        staff.post(form, **{**HOLDER, "name": ""}, dob=BORN, tax_id=TAX_ID),
        staff.post(form, **{**HOLDER, "line1": "PO Box 1"}, dob="1787-11-23", tax_id=TAX_ID),
        staff.post(form, **HOLDER, dob=f"{BORN}x", tax_id=f"{TAX_ID}\n"),
        staff.post("/do/accounts.create_account/", country="US", reason="short", id_number=SSN),
        staff.get(f"/{issuer.account}/{SSN}"),
    ]
    answers += [staff.get(f"/connect/accounts/{issuer.account}?tab={tab}") for tab in ("json", "persons", "terms")]
    answers += mailed(stack, staff)
    body = json.dumps({"id": "evt_1", "object": "event", "data": {"object": {"id_number": SSN}}}).encode()
    assert send_event(stack, body, "t=1,v1=00") == 400
    return answers


def mailed(stack: Stack, staff: Staff) -> list[str]:
    """A token, of whose making its owner is mailed, and the pages of that mail. The token itself is shown once."""
    stack.ask("User.objects.filter(username='otto').update(email='otto@example.com')")
    page = staff.post("/me/", to="/me/tokens", label="nightly")
    token = SHOWN_ONCE.findall(page)[0]
    wait_until(lambda: stack.ask("Mail.objects.filter(state='sent').count()") == 1, 60, "the notice")
    row = stack.ask("list(Mail.objects.values_list('id', 'subject', 'body'))")[0]
    assert "token was made" in row[1]
    found = {**kept(stack), "mail": " ".join(row), "mailbox": staff.get(f"/mailbox/{row[0]}")}
    assert [name for name, text in found.items() if token in text] == []
    return [*row, staff.get(f"/mailbox/{row[0]}"), staff.get(f"/console/mail/{row[0]}/change/")]


BANK_ACCOUNT = {
    "object": "bank_account",
    "country": "US",
    "currency": "usd",
    "routing_number": "110000000",
}


def test_secrets_are_neither_kept_nor_said(stack: Stack) -> None:
    answers = push(stack)
    assert "Amara Okonkwo" in answers[0]
    assert stack.ask("Operation.objects.filter(state='succeeded').count()") == 1
    secrets = files_of_secrets(stack)
    assert len(secrets) >= 4, "secret key, password and two webhook secrets lie in files of their own"
    for name, text in {**kept(stack), "answers": "".join(answers)}.items():
        for secret in (SSN, TAX_ID, BANK, SECRET_KEY, BORN, *secrets):
            assert secret not in text, f"{secret} in {name}"
    numbers = [found for found in CARD_NUMBER.findall(kept(stack)["database"]) if luhn(found)]
    assert numbers == []
