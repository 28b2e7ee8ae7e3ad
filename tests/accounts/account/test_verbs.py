"""Create, link, refresh: over the sandbox, through the one door, with what can go wrong."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.core import mail
from django.db import connection

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.history.models import Requirement
from accounts.onboarding import models
from accounts.persons.models import Person
from console.operations import door, verbs
from console.operations.door import Denied, Performed
from console.operations.models import Operation
from console.record.models import AuditEntry
from tests.accounts.conftest import VALUES
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
Do = Callable[..., Performed]
Make = Callable[..., Account]
State = Operation.State


def at_stripe(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return sandbox.api("GET", "/v1/accounts", {"limit": "100"})[1]["data"]


def test_created_account_can_issue_and_is_mirrored_at_once(do: Do, sandbox: SandboxProcess) -> None:
    operation = do("create_account", **VALUES).operation
    assert operation.state == State.SUCCEEDED
    account = Account.objects.get(pk=operation.account_id)
    assert (str(account), account.legal_name, account.kind) == ("Kestrel Freight", "Kestrel Inc.", "custom")
    assert account.data["capabilities"] == {"card_issuing": "inactive", "transfers": "inactive"}
    assert account.data["metadata"] == {"console_operation": str(operation.pk)}
    assert (account.overall.name, account.needs_attention) == ("restricted", False)
    assert operation.request_id.startswith("req_")


def test_individual_is_created_with_their_name(do: Do) -> None:
    params = {"country": "US", "business_type": "individual", "first_name": "Beatrix", "last_name": "Halloran"}
    operation = do("create_account", **params).operation
    assert operation.state == State.SUCCEEDED
    assert str(Account.objects.get(pk=operation.account_id)) == "Beatrix Halloran"


def test_stripes_refusal_is_kept_word_for_word(do: Do) -> None:
    operation = do("create_account", **{**VALUES, "country": "FR"}).operation
    assert operation.state == State.REFUSED
    assert operation.error_message
    assert operation.request_id
    assert not Account.objects.exists()


@pytest.mark.parametrize("fault", ["reset_after", "500_replayed"])
def test_account_whose_answer_was_lost_is_found_by_its_metadata(do: Do, sandbox: SandboxProcess, fault: str) -> None:
    sandbox.control("faults", [{"match": "POST /v1/accounts", "times": 1, "fault": fault}])
    operation = do("create_account", **VALUES).operation
    assert operation.state == State.UNKNOWN
    found = verbs.get("accounts.create_account").find(operation)
    there = [data["id"] for data in at_stripe(sandbox)]
    assert len(there) <= 1
    assert (found.account_id if found else None) == (there[0] if there else None)


def test_lost_answer_never_makes_a_second_account(do: Do, sandbox: SandboxProcess) -> None:
    sandbox.control("faults", [{"match": "POST /v1/accounts", "times": 1, "fault": "reset_after"}])
    operation = do("create_account", **VALUES).operation
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert [data["id"] for data in at_stripe(sandbox)] == [operation.account_id]
    assert Account.objects.get().pk == operation.account_id


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
    assert [(made.by, made.state) for made in models.made(account.pk)] == [("otto", "open")]
    sandbox.control("clock", {"advance": "10m"})
    do("create_account_link", account)
    assert [made.state for made in models.made(account.pk)] == ["open", "expired"]
    made = models.made(account.pk)[0]
    Requirement.objects.create(
        account_id=account.pk, at=made.at, source="event", source_id="evt_1", scope="account", key="company.phone",
        list="currently_due", became="met",
    )  # fmt: skip
    assert models.made(account.pk)[0].state == "used"


def test_refresh_reads_the_account_and_all_below_it(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    path = f"/v1/accounts/{account.pk}"
    sandbox.api("POST", path, {"business_profile[name]": "Kestrel Air", "external_account": "btok_us"})
    _, person, _ = sandbox.api("POST", f"{path}/persons", {"first_name": "Marta", "last_name": "Ilves"})
    operation = do("refresh", account).operation
    assert operation.state == State.SUCCEEDED
    assert str(Account.objects.get()) == "Kestrel Air"
    assert set(Capability.objects.values_list("name", flat=True)) == {"card_issuing", "transfers"}
    assert str(Person.objects.get()) == "Marta Ilves"
    assert ExternalAccount.objects.get().last4 == "6789"
    sandbox.api("DELETE", f"{path}/persons/{person['id']}")
    do("refresh", account)
    assert Person.objects.get().gone
    assert not Account.objects.get().gone


def test_refresh_of_a_deleted_account_keeps_what_was_last_seen(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    sandbox.api("DELETE", f"/v1/accounts/{account.pk}")
    operation = do("refresh", account).operation
    assert operation.result["gone"] is True
    account.refresh_from_db()
    assert account.gone
    assert str(account) == "Kestrel Freight"
    assert do("create_account_link", account).operation.error_code == "account_invalid"


def test_refresh_writes_history_of_what_no_event_told(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    sandbox.api("POST", f"/v1/accounts/{account.pk}", {"company[phone]": "0000000000"})
    do("refresh", account)
    row = Requirement.objects.get(scope="account", key="company.phone", list="past_due", became="met")
    assert row.source == "sync"
