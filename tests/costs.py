"""What a page may cost in queries, and does; figures that no worker keeps, and the brakes, come from the cache."""

from functools import partial
from typing import Any
from unittest import mock

from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.brakes import standing
from console.shell import context, figures
from gateway import offset

MOST = 15  # queries of a list or a page: every verb's form and preview among them
MOST_OF_ACCOUNT = 20  # queries of the account's page: its tabs, its timeline


def cost(client: Client, path: str, **posted: Any) -> int:
    """Queries of a page whose menu was counted, and Stripe's clock read, just before. `posted`: it is drawn from a form
    that changes nothing.
    """
    ask = partial(client.post, path, posted) if posted else partial(client.get, path)
    cache.clear()
    with (
        mock.patch.object(context, "COUNT_SECONDS", 3600),
        mock.patch.object(figures, "COLD_SECONDS", 3600),
        mock.patch.object(figures, "READ_SECONDS", 3600),
        mock.patch.object(standing, "LATELY", 3600),
        mock.patch.object(offset, "MEMO_SECONDS", 3600),
    ):
        assert ask().status_code == 200, path
        with CaptureQueriesContext(connection) as queries:
            ask()
    return len(queries)
