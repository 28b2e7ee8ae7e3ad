"""From a new account to an approved authorization: once in commands alone, once from the admin's lists."""

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.account.models import Account
from console.operations.models import Operation
from console.record.models import AuditEntry
from gateway import clock, sync
from gateway.mirror import REGISTRY
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.funds.models import read_funds
from issuing.topups.models import Topup
from tests.issuing.acting import posted, run
from tests.issuing.conftest import HOLDER, REASON, buy, fund, make_card, perform
from tests.people import browser, person, work
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def command(name: str, *words: str) -> str:
    """What it made: the id that its line begins with."""
    person("otto")
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *words, "--reason", REASON, "--as", "otto", stdout=out, stderr=err, no_color=True)
    assert err.getvalue() == ""
    return out.getvalue().split()[0]


def bank_pays(sandbox: SandboxProcess, account: str) -> None:
    sandbox.control("clock", {"advance": "1h"})
    clock.forget()
    clock.refresh()
    read_funds(account)


def approved(account: str) -> None:
    row = Authorization.objects.get(account=account)
    assert (row.approved, row.status, row.amount, row.reason) == (True, "pending", 1250, "card_active")
    done = Operation.objects.filter(account_id=account)
    assert set(done.values_list("state", flat=True)) == {"succeeded"}
    for operation in done:
        assert AuditEntry.objects.filter(operation=operation, action="operation.succeeded").count() == 1


def test_the_whole_line_in_commands(sandbox: SandboxProcess) -> None:
    words = ["--country", "US", "--business-type", "company", "--business-name", "Alder Freight"]
    account = command("create_account", *words)
    assert command("create_account_link", account).startswith("http://")
    assert command("fill_test_values", account) == account
    row = Account.objects.get(pk=account)
    assert row.issuing.name == "enabled"
    holder = command("create_cardholder", account, *options(**HOLDER))
    card = command("create_card", account, "--cardholder", holder)
    command("activate_card", card)
    command("create_topup", account, "--amount", "500")
    bank_pays(sandbox, account)
    command("create_test_authorization", account, "--card", card, "--amount", "12.50")
    approved(account)


def options(**values: str) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", value)]


def test_the_line_to_the_first_authorization_in_commands(account: Account, sandbox: SandboxProcess) -> None:
    status, out, err = run("create_cardholder", account.pk, *options(**HOLDER))
    assert (status, err) == (0, "")
    holder = Cardholder.objects.get(pk=out.split()[0])
    assert out == f"{holder.pk} succeeded\n"
    card_id = run("create_card", account.pk, "--cardholder", holder.pk, "--limit-amount", "200")[1].split()[0]
    assert run("activate_card", card_id) == (0, f"{card_id} succeeded\n", "")
    topup = run("create_topup", account.pk, "--amount", "500")[1].split()[0]
    assert Topup.objects.get().pk == topup
    sandbox.control("clock", {"advance": "1h"})
    bought = run("create_test_authorization", account.pk, "--card", card_id, "--amount", "12.50")
    row = Authorization.objects.get()
    assert bought == (0, f"{row.pk} Approved: 12.50 USD is held.\n", "")
    assert run("capture_test_authorization", row.pk)[0] == 0
    assert run("cancel_card", card_id, "--cancellation-reason", "lost")[0] == 0
    assert Card.objects.get().canceled


@pytest.mark.django_db(transaction=True)
def test_the_console_asks_for_no_number_of_a_card(sandbox: SandboxProcess, account: Account) -> None:
    card = make_card(account)
    fund(sandbox, account)
    held = buy(card)
    perform("deactivate_card", card)
    sync.run(list(REGISTRY))
    card.refresh()
    client = browser("ana")
    work(client, account.pk)
    for path in (f"issuing/cards/{card.pk}", f"issuing/authorizations/{held.pk}", "issuing/cards"):
        assert client.get(f"/{account.pk}/{path}", follow=True).status_code == 200
    lines = [line for line in sandbox.traffic() if "path" in line]
    assert any(line["path"].startswith(f"/v1/issuing/cards/{card.pk}") for line in lines)
    fields = [(name, value) for line in lines for text in (urlsplit(line["path"]).query, line["request_form"])
              for name, value in parse_qsl(text)]  # fmt: skip
    assert [
        value for name, value in fields if name.startswith("expand") and {"number", "cvc"} & {*value.split(".")}
    ] == []
    assert not {"number", "cvc"} & set(Card.objects.get(pk=card.pk).data)


class Desk:
    """An operator at the admin's lists: choose rows, choose an action, fill in what it leads to."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def choose(self, noun: str, action: str, *ids: str) -> Any:
        body = {"action": action, "_selected_action": list(ids), "index": "0"}
        return self.client.post(f"/{noun}/", body)

    def many(self, noun: str, action: str, verb: str, *ids: str) -> None:
        """An action with a preview."""
        preview = self.choose(noun, action, *ids)
        answer = self.client.post(f"/bulk/{verb}/", posted(preview), follow=True)
        assert {row.operation.state for row in answer.context["rows"]} == {"succeeded"}

    def one(self, noun: str, verb: str, row_id: str, **entries: str) -> None:
        """An action that leads to the page of one."""
        to_page = self.choose(noun, verb, row_id)
        assert to_page.status_code == 302
        self.fill(to_page["Location"], **entries)

    def fill(self, address: str, **entries: str) -> None:
        form = self.client.get(address).context["form"]
        values = {name: form[name].value() or "" for name in form.fields}
        answer = self.client.post(address.split("?")[0], {**values, "reason": REASON, **entries})
        assert answer.status_code == 303, answer.context["form"].errors


def test_the_whole_line_from_the_admins_lists(sandbox: SandboxProcess) -> None:
    desk = Desk(browser("otto"))
    new = {"country": "US", "business_type": "company", "business_name": "Alder Freight"}
    desk.fill("/do/accounts.create_account/", **new)
    account = Account.objects.get().pk
    desk.many("accounts/account", "accounts.fill_test_values", "accounts.fill_test_values", account)
    desk.one("accounts/account", "issuing.create_cardholder", account, **HOLDER)
    holder = Cardholder.objects.get().pk
    desk.one("issuing/cardholder", "issuing.create_card", holder)
    card = Card.objects.get()
    assert (card.cardholder_id, card.status) == (holder, "inactive")
    desk.many("issuing/card", "issuing.activate_card", "issuing.activate_card", card.pk)
    desk.one("accounts/account", "issuing.create_topup", account, amount="500")
    bank_pays(sandbox, account)
    desk.one("issuing/card", "issuing.create_test_authorization", card.pk, amount="12.50")
    approved(account)
    work(desk.client, account)
    held = Authorization.objects.get().pk
    desk.one("issuing/authorization", "issuing.capture_test_authorization", held)
    assert Authorization.objects.get().status == "closed"


@pytest.mark.parametrize(
    ("noun", "verb"), [("cardholder", "issuing.create_card"), ("card", "issuing.create_test_authorization")]
)
def test_what_has_values_of_its_own_is_refused_for_two(
    account: Account, noun: str, verb: str, make_two: Callable[[str], list[str]]
) -> None:
    client = browser("otto")
    two = make_two(noun)
    assert "(one row)" in client.get(f"/issuing/{noun}/").content.decode()
    body = {"action": verb, "_selected_action": two, "index": "0"}
    answer = client.post(f"/issuing/{noun}/", body, follow=True)
    assert "select one row" in answer.content.decode()
    ticked = re.findall(r'value="(\w+)"[^>]*\bchecked', answer.content.decode())
    assert sorted(ticked) == sorted(two)
    assert " checked" not in client.get(f"/issuing/{noun}/").content.decode()
    assert not Operation.objects.filter(verb=verb, via="page").exists()


@pytest.fixture
def make_two(account: Account) -> Callable[[str], list[str]]:
    """Two rows of a noun in the mirror."""
    from tests.issuing import rows

    return lambda noun: [getattr(rows, noun)(account=account.pk).pk for _ in range(2)]
