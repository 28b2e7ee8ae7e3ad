"""Account links: over the sandbox, through the one door, and what became of them."""

import json
from typing import Any
from urllib.parse import unquote

import pytest
from django.core import mail
from django.db import connection

from accounts.account.models import Account
from accounts.history.models import Requirement
from accounts.onboarding import models
from console.operations.admission import Denied
from console.operations.models import Operation
from console.record.models import AuditEntry
from tests.accounts.conftest import Do, Make
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State


def test_link_opens_the_hosted_form_and_is_kept_nowhere(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    performed = do("create_account_link", account)
    url = performed.shown["link"]["url"]
    assert url.startswith(f"{sandbox.url}/setup/s/{account.pk}/")
    secret = url.rsplit("/", 1)[1]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            assert secret not in repr(cursor.fetchall()), table
    assert not mail.outbox
    assert performed.operation.result["expires_at"] - performed.operation.result["created"] == 300


def test_link_sends_people_back_to_our_own_address(do: Do, make: Make, sandbox: SandboxProcess, settings: Any) -> None:
    settings.CONSOLE_URL = "https://console.example"
    account = make()
    do("create_account_link", account, collect="eventually_due", future=True)
    sent = next(line for line in reversed(sandbox.traffic()) if line.get("path") == "/v1/account_links")
    text = unquote(json.dumps(sent))
    assert f"https://console.example/connect/accounts/{account.pk}/return" in text
    assert f"https://console.example/connect/accounts/{account.pk}/link-used" in text
    assert "eventually_due" in text
    assert "include" in text


def test_account_update_is_refused_where_stripe_collects(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    _, data, _ = sandbox.api("POST", "/v1/accounts", {"type": "express", "country": "US"})
    from accounts.management.commands.seed_accounts import read

    read(data["id"])
    account = Account.objects.get(pk=data["id"])
    operation = do("create_account_link", account, type="account_update").operation
    assert (operation.state, operation.error_param) == (State.REFUSED, "type")
    assert do("create_account_link", account).operation.state == State.SUCCEEDED


def test_viewer_and_support_make_no_links(do: Do, make: Make) -> None:
    account = make()
    for who in ("vera", "sam"):
        with pytest.raises(Denied, match="no permission"):
            do("create_account_link", account, who=who)
    assert AuditEntry.objects.filter(action="operation.denied").count() == 2


def test_links_made_tell_who_and_what_became_of_them(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    do("create_account_link", account)
    assert [(link.by, link.state) for link in models.links_of(account.pk)] == [("otto", "open")]
    sandbox.control("clock", {"advance": "10m"})
    do("create_account_link", account)
    assert [link.state for link in models.links_of(account.pk)] == ["open", "expired"]
    made = models.links_of(account.pk)[0]
    Requirement.objects.create(
        account_id=account.pk, at=made.at, source="event", source_id="evt_1", scope="account", key="company.phone",
        list="currently_due", became="met",
    )  # fmt: skip
    assert models.links_of(account.pk)[0].state == "used"
