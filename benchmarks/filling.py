"""Fills a console's database with so many accounts, and cards, cardholders and authorizations in proportion.

`python -m benchmarks.filling 1000000`, in the environment of that console. Rows are made by PostgreSQL itself, for
SQLite too (BENCH_DATABASE_URL): each is a whole object whose columns the model filled, with values of its own where
lists look at it. In SQL with parameters "%" is written twice.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django
import psycopg
from django.db import connection, transaction

from benchmarks.databases import SERVER

NEWEST = "timestamptz '2026-11-01 12:00:00+00'"
PASSED = "timestamptz '1970-01-01 00:00:00+00'"
YEARS = 2  # over which rows are spread
# Parts of names. A row's number chooses one of each, so that every part is in some thousandth of the rows.
FIRST = ("Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kaya", "Luc", "Mira")
LAST = (
    "Aaltonen",
    "Bianchi",
    "Castellanos",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "Grünwald",
    "Haddad",
    "Ivanova",
    "Jansen",
)
TRADE = ("Freight", "Bakery", "Robotics", "Textiles", "Orchards", "Foundry", "Clinics", "Printing", "Roofing", "Optics")
KIND = ("Lines", "Partners", "Works", "Collective", "Supply", "Holdings", "Studio")


@dataclass(frozen=True)
class Table:
    """One model's rows: `sample` is Stripe's object, `each` the columns that differ, as SQL over the row's number n.

    `data` is what of the object differs, as SQL for jsonb_build_object.
    """

    model: Any
    prefix: str
    share: int  # rows for each account
    sample: dict[str, Any]
    each: dict[str, str]
    data: str = ""


def chosen(values: tuple[str, ...], by: str) -> str:
    """SQL: one of these texts."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"(ARRAY[{listed}])[1 + ({by}) %% {len(values)}]"


def shares(*parts: tuple[str, int], rest: str, by: str) -> str:
    """SQL: a text, for so many of a hundred rows each, else `rest`."""
    cases, end = "", 0
    for value, share in parts:
        end += share
        cases += f" WHEN ({by}) %% 100 < {end} THEN '{value}'"
    return f"(CASE{cases} ELSE '{rest}' END)"


def moment(rows: int) -> str:
    """SQL: when the row was created; the first is the oldest."""
    return f"date_trunc('second', {NEWEST} - interval '{YEARS} years' * (1 - n::float8 / {rows}))"


def row_id(prefix: str, by: str) -> str:
    """SQL: an id as long as Stripe's."""
    return f"'{prefix}1Bench' || lpad(({by})::text, 14, '0')"


PERSON = f"{chosen(FIRST, 'n * 7')} || ' ' || {chosen(LAST, 'n / 13')} || ' ' || (n %% 977)"
BUSINESS = (
    f"{chosen(LAST, 'n * 3')} || ' ' || {chosen(TRADE, 'n / 10')} || ' ' || {chosen(KIND, 'n / 100')} || ' ' || n"
)
MERCHANT = f"upper({chosen(TRADE, 'n * 7')} || '*' || {chosen(LAST, 'n / 7')}) || ' ' || (n %% 4999)"
STATUS = shares(("inactive", 6), ("canceled", 4), rest="active", by="n * 37")


def tables(accounts: int) -> list[Table]:
    """All of them, parents first."""
    from accounts.account.models import Account
    from accounts.capabilities.models import Capability
    from issuing.authorizations.models import Authorization
    from issuing.cardholders.models import Cardholder
    from issuing.cards.models import Card
    from issuing.transactions.models import Transaction

    of_account = row_id("acct_", f"1 + n %% {accounts}")
    holder, card = row_id("ich_", f"1 + n %% {accounts}"), row_id("ic_", f"1 + (n * 13) %% {2 * accounts}")
    badge = shares(
        ("restricted_soon", 2), ("restricted", 3), ("in_review", 1), ("pending", 1), rest="enabled", by="n * 7"
    )
    merchant = {"category": "computer_software_stores", "city": "Austin", "country": "US", "network_id": "1234567890"}
    return [
        Table(
            Account,
            "acct_",
            1,
            {
                "object": "account",
                "business_type": "company",
                "country": "US",
                "controller": {"type": "application", "stripe_dashboard": {"type": "none"}},
                "capabilities": {"card_issuing": "active", "transfers": "active"},
                "charges_enabled": True,
                "details_submitted": True,
                "payouts_enabled": True,
                "requirements": {"currently_due": [], "past_due": [], "eventually_due": [], "errors": []},
                "metadata": {},
            },
            {
                "account_id": row_id("acct_", "n"),
                "name": BUSINESS,
                "legal_name": f"{BUSINESS} || ' Inc.'",
                "email": "'office' || n || '@' || lower(" + chosen(LAST, "n * 3") + ") || '.example'",
                "phone": "lpad(((n * 7919::bigint) %% 1000000000)::text, 9, '0')",
                "country": shares(("GB", 5), ("DE", 2), ("FR", 1), rest="US", by="n * 11"),
                "business_type": shares(("individual", 20), ("non_profit", 1), rest="company", by="n * 17"),
                "kind": shares(("express", 2), ("standard", 1), rest="custom", by="n * 19"),
                "overall_status": badge,
                "issuing_status": badge,
                "badge": badge,
                "card_issuing_id": f"{row_id('acct_', 'n')} || '.card_issuing'",
                "needs_attention": "n %% 200 = 0",
                "overdue": "n %% 400 = 0",
                "next_due": (
                    f"CASE WHEN n %% 400 = 0 THEN {PASSED} WHEN n %% 200 = 0 "
                    f"THEN {NEWEST} + (n %% 60) * interval '1 day' END"
                ),
                "due_at": f"CASE WHEN n %% 200 = 0 THEN {NEWEST} + (n %% 60) * interval '1 day' END",
            },
            f"'business_profile', jsonb_build_object('name', {BUSINESS}), 'email', 'office' || n || '@kestrel.example'",
        ),
        Table(
            Capability,
            "",
            1,
            {"id": "card_issuing", "object": "capability", "requested": True, "status": "active", "requirements": {}},
            {
                "id": f"{row_id('acct_', 'n')} || '.card_issuing'",
                "account_id": row_id("acct_", "n"),
                "badge": badge,
                "mover": "''",
            },
        ),
        Table(
            Cardholder,
            "ich_",
            1,
            {
                "object": "issuing.cardholder",
                "type": "individual",
                "status": "active",
                "billing": {"address": {"city": "Austin", "country": "US", "line1": "1 Main", "postal_code": "78701"}},
                "individual": {"dob": {"day": 1, "month": 2, "year": 1980}},
                "requirements": {"disabled_reason": None, "past_due": []},
                "metadata": {},
            },
            {
                "account_id": of_account,
                "name": PERSON,
                "email": "'holder' || n || '@mail.example'",
                "phone": "lpad(((n * 104729::bigint) %% 1000000000)::text, 9, '0')",
                "status": shares(("inactive", 3), ("blocked", 1), rest="active", by="n * 29"),
                "type": shares(("company", 2), rest="individual", by="n * 31"),
                "disabled_reason": "CASE WHEN n %% 1000 = 0 THEN 'requirements.past_due' ELSE '' END",
            },
            f"'name', {PERSON}, 'email', 'holder' || n || '@mail.example'",
        ),
        Table(
            Card,
            "ic_",
            2,
            {
                "object": "issuing.card",
                "brand": "Visa",
                "currency": "usd",
                "exp_month": 8,
                "exp_year": 2029,
                "spending_controls": {"spending_limits": [{"amount": 50000, "interval": "monthly", "categories": []}]},
                "metadata": {},
            },
            {
                "account_id": of_account,
                "cardholder_id": holder,
                "last4": "lpad(((n * 7919::bigint) %% 10000)::text, 4, '0')",
                "status": STATUS,
                "type": shares(("physical", 3), rest="virtual", by="n * 41"),
            },
            f"'status', {STATUS}, 'cardholder', {holder}, 'last4', lpad(((n * 7919::bigint) %% 10000)::text, 4, '0')",
        ),
        Table(
            Authorization,
            "iauth_",
            3,
            {
                "object": "issuing.authorization",
                "amount": 4200,
                "currency": "usd",
                "merchant_data": merchant,
                "request_history": [{"amount": 4200, "approved": True, "reason": "webhook_approved"}],
                "verification_data": {"cvc_check": "match", "expiry_check": "match"},
                "metadata": {},
            },
            {
                "account_id": of_account,
                "cardholder_id": holder,
                "card_id": card,
                "amount": "100 + n %% 90000",
                "requested": "100 + n %% 90000",
                "approved": "(n * 43) %% 100 >= 8",
                "status": shares(("pending", 3), ("reversed", 4), ("expired", 1), rest="closed", by="n * 47"),
                "reason": (
                    "CASE WHEN (n * 43) %% 100 >= 8 THEN 'webhook_approved' ELSE "
                    + shares(
                        ("card_inactive", 10),
                        ("spending_controls", 20),
                        ("account_disabled", 1),
                        rest="insufficient_funds",
                        by="n * 53",
                    )
                    + " END"
                ),
                "merchant_name": MERCHANT,
                "network_id": "lpad((n %% 4999)::text, 10, '0')",
            },
        ),
        Table(
            Transaction,
            "ipi_",
            1,
            {"object": "issuing.transaction", "amount": -4200, "currency": "usd", "merchant_data": merchant},
            {
                "account_id": of_account,
                "cardholder_id": holder,
                "card_id": card,
                "authorization_id": row_id("iauth_", "1 + n * 3"),
                "amount": "-(100 + n %% 90000)",
                "type": shares(("refund", 5), rest="capture", by="n * 59"),
                "merchant_name": MERCHANT,
            },
        ),
    ]


def selected(table: Table, rows: int) -> tuple[list[str], str, list[Any]]:
    """The columns of a table's rows, and a query that gives the rows, with its parameters."""
    data = {"id": "sample", **table.sample}
    sample = table.model(id="sample", account_id="sample", data=data, as_of=1, revision=1)
    sample.set_columns()
    own = {"id": row_id(table.prefix, "n"), "created": moment(rows), **table.each}
    columns, values, given = [], [], []
    for field in table.model._meta.concrete_fields:
        columns.append(connection.ops.quote_name(field.column))
        if field.name == "data":
            differs = f"'id', {own['id']}{', ' if table.data else ''}{table.data}" if table.prefix else ""
            values.append(f"%s::jsonb || jsonb_build_object({differs})")
            given.append(json.dumps(data))
        elif field.attname in own:
            values.append(own[field.attname])
        else:
            values.append("%s")
            given.append(field.get_db_prep_save(getattr(sample, field.attname), connection))
    return columns, f"SELECT {', '.join(values)} FROM generate_series(1, %s) AS n", [*given, rows]


def fill(table: Table, rows: int) -> float:
    """Write the rows of one table, its indexes as they are; seconds."""
    began = time.perf_counter()
    columns, query, given = selected(table, rows)
    name = connection.ops.quote_name(table.model._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"INSERT INTO {name} ({', '.join(columns)}) {query}", given)
            cursor.execute(f"ANALYZE {name}")
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", read(query, given))
    return time.perf_counter() - began


def read(query: str, given: list[Any]) -> Iterator[list[Any]]:
    """The rows that PostgreSQL makes, as SQLite keeps them."""
    with psycopg.connect(f"{SERVER.replace('postgres://', 'postgresql://')}/postgres") as server:
        for row in server.execute(query, given):
            yield [_kept(value) for value in row]


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value)
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def size(cursor: Any) -> int:
    """Bytes of the database."""
    if connection.vendor == "postgresql":
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("SELECT pg_database_size(current_database())")
    else:
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return int(cursor.fetchone()[0])


def main(accounts: int) -> None:
    """Fill every table; says how long each took, and how large the database is."""
    connection.prepare_database()  # no statement has a time limit
    for table in tables(accounts):
        seconds = fill(table, accounts * table.share)
        print(f"{accounts * table.share:>9,} {table.model._meta.verbose_name_plural:16} {seconds:6.1f} s", flush=True)
    with connection.cursor() as cursor:
        print(f"{size(cursor) / 2**20:,.0f} MiB on disk", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    main(int(sys.argv[1]))
