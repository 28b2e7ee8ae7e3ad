"""One event, signed as Stripe signs it, delivered to the real web server."""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
import uuid

from tests.stack import Stack

SECRET = "whsec_of_these_tests"


def deliver(stack: Stack) -> tuple[int, float]:
    """Status and seconds of the delivery to the platform's endpoint. The stack was given STRIPE_WEBHOOK_SECRETS."""
    event = {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "type": "radar.nothing", "created": int(time.time())}
    body = json.dumps({**event, "livemode": False, "data": {"object": {"object": "nothing"}}})
    at = int(time.time())
    signature = hmac.new(SECRET.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={at},v1={signature}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{stack.url}/webhooks/stripe/", body.encode(), headers)
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, time.monotonic() - began
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, time.monotonic() - began
