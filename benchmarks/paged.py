"""Fills what pages need beside lists into a filled console, and asks for pages as a member of staff does, in process.

`python -m benchmarks.paged fill 1000000`, `python -m benchmarks.paged ask 10`, in the environment of that console. One
account, HEAVY, has 10,000 authorizations with their balance transactions and a timeline of 5,000 rows.
"""

import json
import os
import sys
import time
from typing import Any

import django
from django.db import connection

from benchmarks import asked, filling
from benchmarks.filling import Table, fill, row_id

HEAVY = "acct_1Bench00000000000007"
HELD, SPENT = 10_000, 2_500  # authorizations of HEAVY; rows of each kind in its timeline
# Of HEAVY: once every nine minutes of the last two months.
LATELY = "date_trunc('second', now() - n * interval '9 minutes')"
SECONDS = f"extract(epoch FROM {LATELY})::bigint"
FUNDS = {"available": [{"amount": 9000, "currency": "usd"}], "pending": [{"amount": 0, "currency": "usd"}]}


def fill_all(accounts: int) -> None:
    """Fill every table, those of the lists first."""
    filling.NEWEST = "now()"  # home looks at the last days
    filling.main(accounts)
    began = time.perf_counter()
    of_all(accounts)
    of_heavy()
    print(f"{'what pages need beside':26} {time.perf_counter() - began:6.1f} s", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def of_all(accounts: int, user: str = "demo") -> None:
    """Balances, some of them used up, balance transactions, histories, events and operations."""
    from accounts.history.models import Requirement, StateChange
    from console.operations.models import Operation
    from console.people.models import User
    from gateway.models import Event
    from issuing.balances.models import Balance, BalanceTransaction

    of_account = row_id("acct_", f"1 + n %% {accounts}")
    left = "CASE WHEN n %% 2000 = 0 THEN 0 ELSE 5000000 + n END"
    held = f"'issuing', jsonb_build_object('available', jsonb_build_array({_money(left)}))"
    own = {"id": f"{row_id('acct_', 'n')} || '.balance'", "account_id": row_id("acct_", "n"), "available": left}
    fill(Table(Balance, "acct_", 1, {"object": "balance", **FUNDS}, own, held), accounts)
    books = {"object": "balance_transaction", "balance_type": "issuing", "type": "topup", "net": 500, "currency": "usd"}
    fill(Table(BalanceTransaction, "txn_", 1, books, {"account_id": of_account}), accounts)
    event = {"account_id": of_account, "at": filling.moment(accounts), "source_id": row_id("evt_", "n")}
    late = {**event, "account_id": row_id("acct_", "n * 400"), "deadline": "now() - n %% 60 * interval '1 day'"}
    asked = {"scope": "account", "key": "company.tax_id", "source": "event", "became": "due"}
    insert(Requirement, accounts, event, list="currently_due", **asked)
    insert(Requirement, accounts // 400, late, list="past_due", **asked)
    insert(StateChange, accounts, event, subject="card_issuing", noun="capability", field="status", source="event")
    told = {
        "id": row_id("evt_", "n"),
        "account": of_account,
        "created": f"extract(epoch FROM {filling.moment(accounts)})::bigint",
        "object_key": f"'account:' || {of_account}",
        "state": "CASE WHEN n %% 50000 = 0 THEN 'dead' ELSE 'done' END",
    }
    insert(Event, accounts, told, type="account.updated", payload={}, livemode=False, received_at=_now())
    done = {
        "id": "gen_random_uuid()",
        "key": "'key' || n",
        "form_token": "'token' || n",
        "account_id": of_account,
        "created_at": filling.moment(accounts // 4),
        "settled_at": filling.moment(accounts // 4),
        "state": "CASE WHEN n %% 5000 = 0 THEN 'not_found' ELSE 'succeeded' END",
    }
    own_acts = {"verb": "issuing.deactivate_card", "user": User.objects.get(username=user), "reason": "Bench"}
    insert(Operation, accounts // 4, done, **own_acts)
    with connection.cursor() as cursor:
        for mover in ("staff", "stripe"):
            cursor.execute(
                "UPDATE accounts_capability SET mover = %s, status = 'inactive', badge = 'restricted' "
                f"FROM generate_series(1, %s, 3001) AS n WHERE id = {row_id('acct_', f'n + {len(mover)}')} "
                "|| '.card_issuing'",
                [mover, accounts],
            )


def of_heavy(user: str = "demo") -> None:
    """The account of which there is much: authorizations, what they moved, and a timeline."""
    from accounts.history.models import Requirement, StateChange
    from console.operations.models import Operation
    from console.people.models import User
    from gateway.models import Event
    from issuing.authorizations.models import Authorization
    from issuing.balances.models import BalanceTransaction
    from issuing.cardholders.models import Cardholder
    from issuing.cards.models import Card
    from issuing.transactions.models import Transaction

    limits = {"spending_limits": [{"amount": 5_000_000, "interval": "all_time", "categories": []}]}
    shown = {"status": "active", "spending_controls": limits, "created": 1_700_000_000}
    for model, data in (
        (Cardholder, {"id": "ich_1Heavy", "object": "issuing.cardholder", "name": "Ada Haddad", **shown}),
        (Card, {"id": "ic_1Heavy", "object": "issuing.card", "cardholder": "ich_1Heavy", "last4": "4242", **shown}),
    ):
        row = model(id=data["id"], account_id=HEAVY, data=data, as_of=1, revision=1)
        row.set_columns()
        row.save()
    account = f"'{HEAVY}'"
    own = {"account_id": account, "created": LATELY, "card_id": "'ic_1Heavy'", "cardholder_id": "'ich_1Heavy'"}
    merchant = {"name": "FREIGHT*HADDAD 77", "category": "computer_software_stores"}
    tried = {"object": "issuing.authorization", "amount": 400, "currency": "usd", "merchant_data": merchant}
    reason = "CASE WHEN n %% 50 <> 1 THEN 'webhook_approved' ELSE 'insufficient_funds' END"
    outcome = {"approved": "n %% 50 <> 1", "status": "'closed'", "reason": reason}
    asked = f"'amount', 400, 'approved', n %% 50 <> 1, 'reason', {reason}, 'created', {SECONDS}"
    requests = f"'request_history', jsonb_build_array(jsonb_build_object({asked})), 'approved', n %% 50 <> 1"
    fill(Table(Authorization, "iauth_1Heavy", 1, tried, {**own, **outcome}, requests), HELD)
    taken = {"object": "issuing.transaction", "amount": -400, "currency": "usd", "type": "capture"}
    fill(Table(Transaction, "ipi_1Heavy", 1, taken, {**own, "authorization_id": row_id("iauth_1Heavy", "n")}), HELD)
    books = {"object": "balance_transaction", "balance_type": "issuing", "currency": "usd"}
    moved = {"account_id": account, "created": LATELY, "source": row_id("iauth_1Heavy", "n / 2")}
    moved["net"] = "CASE WHEN n %% 2 = 0 THEN -400 ELSE 401 END"
    moved["type"] = "CASE WHEN n %% 2 = 0 THEN 'issuing_authorization_hold' ELSE 'topup' END"
    fill(Table(BalanceTransaction, "txn_1Heavy", 1, books, moved), 2 * HELD)
    told = {"account_id": account, "at": LATELY, "source_id": row_id("evt_1Heavy", "n")}
    insert(Requirement, SPENT, told, scope="account", key="company.tax_id", list="past_due", became="due")
    insert(StateChange, SPENT, told, subject="card_issuing", noun="capability", field="status", source="event")
    events = {
        "id": row_id("evt_1Heavy", "n"),
        "account": account,
        "created": SECONDS,
        "object_key": f"'account:' || {account}",
    }
    insert(Event, SPENT, events, type="account.updated", state="done", payload={}, livemode=False, received_at=_now())
    acts = {
        "id": "gen_random_uuid()",
        "key": "'heavy' || n",
        "form_token": "'heavy' || n",
        "account_id": account,
        "created_at": LATELY,
        "settled_at": LATELY,
    }
    own_acts = {"verb": "issuing.deactivate_card", "user": User.objects.get(username=user), "reason": "Bench"}
    insert(Operation, SPENT, acts, state="succeeded", **own_acts)


def insert(model: Any, rows: int, each: dict[str, str], **values: Any) -> None:
    """Write rows of a table of ours: `each` column as SQL over the row's number n, all others as in `values`."""
    sample = model(**values)
    columns, parts, given = [], [], []
    for field in model._meta.concrete_fields:
        if field.primary_key and field.attname not in each:
            continue
        columns.append(connection.ops.quote_name(field.column))
        parts.append(each.get(field.attname, "%s"))
        if field.attname not in each:
            given.append(field.get_db_prep_save(getattr(sample, field.attname), connection))
    name = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {name} ({', '.join(columns)}) SELECT {', '.join(parts)} FROM generate_series(1, %s) AS n",
            [*given, rows],
        )


def _money(amount: str) -> str:
    return f"jsonb_build_object('amount', {amount}, 'currency', 'usd')"


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def addresses(client: Any) -> list[tuple[str, str]]:
    """(what, address) of every page that is measured; the client views as HEAVY from here on."""
    from issuing.authorizations.models import Authorization
    from tests.people import view_as

    view_as(client, HEAVY)
    declined = Authorization.objects.of_account(HEAVY).declined()
    pages = [
        ("a page with nothing but the frame", "/me/"),
        ("home", "/"),
        ("account", f"/connect/accounts/{row_plain()}"),
        ("account, 10,000 authorizations", f"/connect/accounts/{HEAVY}"),
        ("its timeline", f"/connect/accounts/{HEAVY}?tab=timeline"),
        ("its overview, viewed as it", f"/{HEAVY}/issuing/overview"),
        ("its balances", f"/{HEAVY}/balance/overview"),
        ("its activity", f"/{HEAVY}/activity"),
    ]
    for name, row in (("newest", declined.first()), ("oldest", declined.last())):
        pages.append((f"decline, the {name}", f"/{HEAVY}/issuing/authorizations/{row.pk}"))
    return pages


def row_plain() -> str:
    """An account like most."""
    return f"acct_1Bench{11:014}"


def ask_all(times: int) -> None:
    """Print a line of JSON for each page, and for each figure that the worker keeps."""
    from django.test import Client

    from console.people.models import User
    from console.shell import figures

    connection.force_debug_cursor = True
    figures.keep()
    for name, compute in figures.every().items():
        began = time.perf_counter()
        compute()
        print(json.dumps({"what": f"figure {name}", "median": (time.perf_counter() - began) * 1000}), flush=True)
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(username="demo"))
    for what, address in addresses(client):
        found = asked.ask(client, address, times)
        print(json.dumps({"what": what, **found, "plan": plan(found["sql"])}), flush=True)


def plan(sql: str) -> str:
    """The first line of how PostgreSQL answers a statement; "" for one that it does not plan."""
    if not sql.startswith(("SELECT", "(SELECT", "INSERT", "UPDATE")):
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return str(cursor.fetchone()[0])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    {"fill": fill_all, "ask": ask_all}[sys.argv[1]](int(sys.argv[2]))
