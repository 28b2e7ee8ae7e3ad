"""Stripe hangs while twenty people send forms: deliveries are still taken at once, and nobody's act is lost."""

import hashlib
import hmac
import json
import threading
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stack import Stack
from tests.staff_browser import StaffBrowser

pytestmark = pytest.mark.chaos
PEOPLE, SECONDS, SECRET = 20, 6.0, "whsec_slow"


def deliver(stack: Stack) -> float:
    """Seconds until an event was taken."""
    event = {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "type": "radar.nothing", "created": int(time.time())}
    body = json.dumps({**event, "livemode": False, "data": {"object": {"object": "nothing"}}})
    at = int(time.time())
    signature = hmac.new(SECRET.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={at},v1={signature}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{stack.url}/webhooks/stripe/", body.encode(), headers)
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    return time.monotonic() - began


def send_form(stack: Stack, cookie: str, token: str, ended: threading.Event) -> list[tuple[int, float]]:
    """One person's form, sent and looked at, then another: statuses and seconds, until the end."""
    found = []
    while not ended.is_set():
        began = time.monotonic()
        status, _ = StaffBrowser.with_cookie(stack, cookie, token).post(
            "/do/accounts.create_account/",
            {
                "country": "US",
                "business_type": "company",
                "business_name": "Slow Freight",
                "reason": "A new customer of ours",
                "form_token": uuid.uuid4().hex,
            },
        )
        found.append((status, time.monotonic() - began))
        ended.wait(0.3)  # far less than it takes to type the next one
    return found


def test_deliveries_are_taken_while_stripe_hangs_and_twenty_people_send_forms(tmp_path: Path) -> None:
    with Stack(tmp_path, STRIPE_WEBHOOK_SECRETS=SECRET) as stack:
        browser = StaffBrowser(stack)
        stack.control("faults", [{"match": "POST /v1/accounts", "times": 1000, "fault": "slow:30"}])
        ended = threading.Event()
        with ThreadPoolExecutor(PEOPLE) as pool:
            people = [pool.submit(send_form, stack, browser.cookie, browser.token, ended) for _ in range(PEOPLE)]
            ended.wait(1.0)
            until, took = time.monotonic() + SECONDS, []
            while time.monotonic() < until:
                took.append(deliver(stack))
                ended.wait(0.05)
            ended.set()
            sent = [each for person in people for each in person.result()]
        stack.control("faults", [])
        took.sort()
        assert took[int(len(took) * 0.95)] < 0.25
        assert {status for status, _ in sent} == {200}
        states = stack.ask("list(Operation.objects.values_list('state', flat=True))")
        assert len(states) == len(sent)
        assert set(states) <= {"intent", "sending", "unknown", "succeeded"}
