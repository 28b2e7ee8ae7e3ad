"""No page, and no figure that the worker keeps, reads a table from end to end; what a page reads has a limit.

Asked of PostgreSQL with some 30,000 rows: an index that is missing shows without a clock.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.account.models import Account
from accounts.history import pages
from accounts.history.models import Requirement
from benchmarks import filling, paged
from console.operations.models import Operation
from console.record.models import NOT_SHOWN_BY_ITSELF, AuditEntry
from console.shell import figures
from gateway import clock
from gateway.models import Event
from issuing.authorizations.models import Authorization
from issuing.balances.models import Balance, BalanceTransaction
from issuing.cardholders.models import Cardholder
from issuing.transactions.models import Transaction
from tests import plans
from tests.keeping import once
from tests.people import browser
from tests.plans import Plan

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
]
ACCOUNTS, HELD, SPENT = 2_000, 2_000, 1_500  # accounts; authorizations, and rows of each history, of one of them
OF_HISTORY = 1_200  # rows of a history that a query may look at; of all others what one account has
OF_ACCOUNT = 2 * HELD + 500
GROWING = ("accounts_requirement", "accounts_statechange", "gateway_event", "console_operation", "console_auditentry")


def fill() -> Client:
    """A console as after `benchmarks.paged fill`, smaller; the browser of somebody who may see everything."""
    filling.NEWEST, paged.HELD, paged.SPENT = "now()", HELD, SPENT
    client = browser("ana")
    for table in filling.tables(ACCOUNTS):
        filling.fill(table, ACCOUNTS * table.share)
    paged.of_all(ACCOUNTS, "ana")
    paged.of_heavy("ana")
    plans.analyze()
    return client


client = once(fill)


def scanned(plan: Plan) -> set[str]:
    """The tables that grow, of those that it read from end to end."""
    return plan.scanned & (plans.mirrors() | set(GROWING))


@pytest.mark.parametrize("name", sorted(figures.every()))
def test_no_figure_reads_a_whole_table(client: Client, name: str) -> None:
    for plan in plans.plans_of(figures.every()[name]):
        assert scanned(plan) == set(), plan


def test_no_page_reads_a_whole_table_or_more_than_its_share(client: Client) -> None:
    figures.keep()
    for what, address in paged.addresses(client):
        for plan in plans.plans_of(lambda path=address: answered(client, path)):
            assert scanned(plan) == set(), f"{what}\n{plan}"
            most = OF_HISTORY if {node.relation for node in plan.nodes} & set(GROWING) else OF_ACCOUNT
            assert plan.reads <= most, f"{what}\n{plan}"


OF_ITS_OWN: dict[str, Callable[[], Any]] = {
    "account_needing_attention": lambda: Account.objects.needing_attention().values_list("pk", "overdue", "due_at")[:8],
    "audit_elsewhere": lambda: pages._Window(paged.HEAVY, None, 8).of(
        AuditEntry.objects.filter(NOT_SHOWN_BY_ITSELF).values_list("pk"), "at"
    ),
    "authorization_cardholder": lambda: Authorization.objects.approved_before(
        Authorization.objects.of_account(paged.HEAVY)[0], clock.now(), None
    )[:8],
    "balance_used_up": lambda: Balance.objects.filter(available__lte=0),
    "cardholder_to_complete": lambda: Cardholder.objects.needing_attention().order_by("created", "id")[:8],
    "event_dead": lambda: Event.objects.filter(state="dead").order_by("received_at", "id")[:8],
    "movement_books": lambda: BalanceTransaction.objects.of_account(paged.HEAVY)[:8],
    "operation_needing": lambda: Operation.objects.needing_a_person().order_by("created_at", "id")[:8],
    "requirement_scope": lambda: pages._Window(paged.HEAVY, None, 8).of(
        Requirement.objects.filter(scope="account"), "at"
    ),
    "transaction_captured": lambda: Authorization.objects.annotate(captured=Transaction.objects.captured())[:8],
}


@pytest.mark.parametrize("index", OF_ITS_OWN)
def test_what_is_read_in_an_order_has_an_index_in_that_order(client: Client, index: str) -> None:
    *_, plan = plans.plans_of(lambda: list(OF_ITS_OWN[index]()))
    assert index in {node.index for node in plan.nodes}, plan
    assert plan.sorts <= 8, plan


def answered(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer
