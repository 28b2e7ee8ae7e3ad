"""The sandbox's own pages: those that nouns bring along, and the one that says what this is."""

import html
import logging
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qsl

from sandbox.wire.api import Answer, Request
from sandbox.wire.parameters import fields_of_body
from sandbox.world.errors import StripeError
from sandbox.world.noun import PAGES, Page, PageHandler
from sandbox.world.world import World

log = logging.getLogger("sandbox")
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    # Not no-referrer: a browser would send forms with "Origin: null", as a foreign page can.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
LAYOUT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body><main><h1>{title}</h1>
{body}
</main></body>
</html>
"""


def find(method: str, path: str) -> PageHandler | None:
    """The page a noun registered for this path: the longest prefix wins."""
    fitting = [page for page in PAGES if page[0] == method and path.startswith(page[1])]
    return max(fitting, key=lambda page: len(page[1]))[2] if fitting else None


def answer(request: Request, handler: PageHandler, world: World) -> Answer:
    """Let the noun draw its page, in a transaction and with the clock standing still, like an API call."""
    try:
        fields = fields_of_body(request.headers.get("content-type", ""), request.body)
        form = {name: value for name, value in fields if isinstance(value, str)}
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        page = Page(request.method, request.path, query, form, request.headers, world, request.remote_ip)
        with world.during(request.epoch), world.carrying_out():
            status, headers, text = handler(page)
    except StripeError as error:
        status, headers, text = error.status, {}, message(error.message)
    except Exception:  # the visitor of a page never sees a traceback
        log.exception("The page %s failed", request.path)
        status, headers, text = 500, {}, message("Something went wrong here.")
    return Answer(status, text.encode(), {**HEADERS, **headers})


def message(words: str) -> str:
    """A plain page that says one thing."""
    return LAYOUT.format(title="Local sandbox", body=f"<p>{html.escape(words)}</p>")


def index(world: World) -> Answer:
    """What stands at `/`."""
    with world.store.lock:
        accounts, platform = world.store.count("account"), world.platform
        endpoints = [endpoint["url"] for endpoint in world.store.each("webhook_endpoint")]
    clock = datetime.fromtimestamp(world.now, UTC).strftime("%d %B %Y, %H:%M:%S UTC")
    moved = f", {world.offset} seconds ahead of the wall" if world.offset else ""
    listed = "".join(f"<li><code>{html.escape(url)}</code></li>" for url in endpoints) or "<li>none</li>"
    body = f"""<p><strong>Local sandbox (not Stripe's Sandboxes).</strong> A small Stripe that remembers, on this
machine only. Nothing in here reaches Stripe, and no money or card in here is real.</p>
<dl>
<dt>API</dt><dd><code>{html.escape(world.base_url)}/v1/</code>, any key that begins with <code>sk_test_</code></dd>
<dt>Platform</dt><dd><code>{platform}</code>, {accounts} connected accounts</dd>
<dt>Clock</dt><dd>{clock}{moved}</dd>
<dt>Webhook endpoints</dt><dd><ul>{listed}</ul></dd>
<dt>Controls</dt><dd><code>/_sandbox/clock</code>, <code>reset</code>, <code>faults</code>, <code>deliveries</code>,
<code>traffic</code>, <code>settings</code>, <code>copy</code></dd>
</dl>"""
    return Answer(HTTPStatus.OK, LAYOUT.format(title="Local sandbox", body=body).encode(), dict(HEADERS))
