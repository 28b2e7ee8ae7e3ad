"""What a page costs in queries, the counts of the menu aside: those come from the cache."""

from unittest import mock

from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.shell import context
from gateway import offset

MOST = 15  # queries of a list or a page
MOST_OF_ACCOUNT = 20  # queries of the account's page


def cost(client: Client, path: str) -> int:
    """Queries of a page whose menu was counted, and Stripe's clock read, just before."""
    cache.clear()
    with mock.patch.object(context, "COUNT_SECONDS", 3600), mock.patch.object(offset, "MEMO_SECONDS", 3600):
        assert client.get(path).status_code == 200, path
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
    return sum("SAVEPOINT" not in query["sql"] for query in queries)  # those stand for the transaction of the test
