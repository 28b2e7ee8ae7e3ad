"""What is searched in long tables is answered by indexes: by PostgreSQL's own plans."""

from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from accounts.account.models import Account
from console.lists import keyset
from issuing.authorizations.models import Authorization
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction
from tests.accounts import builders
from tests.issuing import rows
from tests.keeping import once
from tests.people import ACCOUNT, OTHER_ACCOUNT, known_accounts
from tests.plans import analyze, mirrors, plans_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
]
GIN = "SELECT c.oid FROM pg_class c JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'gin' AND c.relkind = 'i'"


def fill() -> None:
    """So many rows of each that an index is worth it, and an account that is called like none."""
    known_accounts()
    authorization = rows.authorization(rows.card(rows.cardholder()))
    person = builders.person(Account.objects.get(pk=ACCOUNT), first_name="Ottilie", last_name="Brandvold")
    topup = rows.topup(description="For the fair")
    move = rows.balance_transaction(-5, "topup", source=topup.pk, id="txn_1Sought")
    account = Account.objects.get(pk=OTHER_ACCOUNT)
    for row in (account, person, authorization, rows.transaction(authorization), topup, move):
        columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        texts = {"name": "Jo Doe", "data": {"description": "Rent"}, "source": "tu_other"}
        columns |= {name: text for name, text in texts.items() if name in columns}
        type(row).objects.bulk_create(type(row)(**{**columns, "id": f"{row.pk}x{place}"}) for place in range(3_000))
    with connection.cursor() as cursor:  # what waits to be sorted into them makes them seem slow
        cursor.execute(f"SELECT gin_clean_pending_list(c.oid) FROM ({GIN}) AS c")
    analyze()


filled = once(fill)


@pytest.mark.parametrize(
    ("model", "words", "index"),
    [
        (Account, "brandvold", "person_words"),
        (Topup, "the fair", "topup_words"),
        *((model, "txn_1Sought", "") for model in (Authorization, Transaction, Topup)),
    ],
)
def test_a_long_table_is_searched_by_indexes(
    filled: None, model: Any, words: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(keyset, "NEAR", 100)
    found = plans_of(partial(keyset.first_found, model.objects, words, personal=True))
    assert [str(plan) for plan in found if plan.scanned & mirrors() or plan.reads > 400] == []
    assert not index or index in {node.index for plan in found for node in plan.nodes}
