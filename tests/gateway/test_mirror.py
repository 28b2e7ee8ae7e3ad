"""Rows of the mirror: written from what Stripe sent, and from nothing else."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.persons.models import Person
from gateway import client, clock, mirror, order, together
from gateway.errors import Refused, Unreachable, means_gone
from tests.accounts import builders
from tests.gateway.deliveries import create_account, create_person, update_account
from tests.gateway.scripted import Scripted, good
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(sandbox: SandboxProcess) -> str:
    """An account that the mirror has."""
    account = create_account(sandbox)
    mirror.read_account(account)
    return account


def answer(data: dict[str, Any], sent_at: int | None = None, *, replayed: bool = False) -> client.Answer:
    return client.Answer(data, clock.timestamp() if sent_at is None else sent_at, "req_1", replayed)


def person(account: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "person_1",
        "object": "person",
        "account": account,
        "first_name": "Ada",
        "created": 1_700_000_000,
    } | more


def test_a_room_registers_its_nouns_by_naming_them() -> None:
    assert mirror.REGISTRY["account"] is Account
    assert mirror.REGISTRY["capability"] is Capability
    assert mirror.REGISTRY["person"] is Person
    assert "" not in mirror.REGISTRY


def test_no_mirror_has_a_permission_to_add_change_or_delete_rows() -> None:
    assert {model._meta.default_permissions for model in mirror.REGISTRY.values()} == {("view",)}


def test_an_answer_to_our_own_create_makes_the_row(account: str) -> None:
    row = Person.absorb_answer(answer(person(account, livemode=True), 1_800_000_000), account=account)
    assert (row.pk, row.account_id, row.as_of, row.revision) == ("person_1", account, 1_800_000_000, 1)
    assert row.livemode
    assert row.created == clock.from_unix(1_700_000_000)
    assert mirror.Mirror.__str__(row) == "person_1"
    assert Person.objects.get().data == person(account, livemode=True)


def test_a_row_says_its_mode_where_the_object_does_not(account: str, settings: Any) -> None:
    assert Person.absorb_answer(answer(person(account)), account=account).livemode is False
    settings.CONSOLE_MODE = "live"
    assert Person.absorb_answer(answer(person(account, id="person_2")), account=account).livemode is True


def test_an_answer_to_our_own_write_counts_when_nothing_came_between(account: str) -> None:
    before = Person.absorb_answer(answer(person(account)), account=account).revision
    changed = answer(person(account, first_name="Grace"))
    row = Person.absorb_answer(changed, account=account, revision_before=before)
    assert row.data["first_name"] == "Grace"


def test_an_answer_that_was_overtaken_makes_us_read_again(sandbox: SandboxProcess, account: str) -> None:
    person_id = create_person(sandbox, account)
    shown = client.get(f"/v1/accounts/{account}/persons/{person_id}", account=None)
    before = Person.absorb_answer(shown, account=account)
    before.refresh()
    stale = answer({**shown.data, "first_name": "as it was"}, shown.sent_at)
    row = Person.absorb_answer(stale, account=account, revision_before=before.revision)
    assert row.data["first_name"] == "Ada"


def test_a_replayed_answer_makes_us_read_again(sandbox: SandboxProcess, account: str) -> None:
    row = Account.objects.get()
    data = {**row.data, "metadata": {"turn": "as it was"}}
    row = Account.absorb_answer(answer(data, replayed=True), account=None, revision_before=row.revision)
    assert row.data["metadata"] == {}


def test_the_answer_to_a_delete_ends_the_row(account: str) -> None:
    Person.absorb_answer(answer(person(account)), account=account)
    gone = answer({"id": "person_1", "object": "person", "deleted": True}, 1_800_000_000)
    row = Person.absorb_answer(gone, account=account)
    assert row.gone
    assert row.gone_at == clock.from_unix(1_800_000_000)
    assert row.data["first_name"] == "Ada"
    assert Person.absorb_answer(answer(person(account, first_name="Eve")), account=account).data["first_name"] == "Ada"


def test_refresh_reads_the_row_again_and_tells_history(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(Account, "witness_difference", lambda *shown, row: told.append((row.pk, *shown)))
    row = Account.objects.get()
    row.refresh()
    assert told == []
    update_account(sandbox, account, turn=1)
    fresh = row.refresh()
    assert fresh.data["metadata"] == {"turn": "1"}
    assert told == [(account, row.data, fresh.data)]


def test_refresh_of_what_is_no_more_ends_the_row(sandbox: SandboxProcess, account: str) -> None:
    person_id = create_person(sandbox, account)
    shown = client.get(f"/v1/accounts/{account}/persons/{person_id}", account=None)
    row = Person.absorb_answer(shown, account=account)
    sandbox.api("DELETE", f"/v1/accounts/{account}/persons/{person_id}")
    assert row.refresh().gone
    assert Person.objects.get().data["first_name"] == "Ada"


def test_refresh_says_when_stripe_cannot_be_reached(sandbox: SandboxProcess, account: str) -> None:
    sandbox.control("faults", [{"match": "GET /v1/accounts/*", "times": 1, "fault": "503"}])
    with pytest.raises(Unreachable):
        Account.objects.get().refresh()


def test_an_object_that_changes_during_every_read_is_left_for_later(
    account: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        return good()

    row = Account.objects.get()
    read = mirror.read

    def overtaken(*args: Any) -> Any:
        found = read(*args)
        Account.every.update(revision=Account.every.get().revision + 1)
        return found

    with Scripted(busy) as server:
        settings.STRIPE_API_BASE = server.url
        monkeypatch.setattr(mirror, "read", overtaken)
        with pytest.raises(Unreachable, match="faster"):
            row.refresh()
        assert len(server.requests) == mirror.FETCH_TRIES


def test_an_account_that_is_not_ours_leaves_no_row(sandbox: SandboxProcess) -> None:
    with pytest.raises(Refused) as caught:
        mirror.read_account("acct_1NotOursNotOurs")
    assert means_gone(caught.value)
    assert not Account.every.exists()


@pytest.mark.parametrize(
    ("status", "message", "gone"),
    [
        (404, "No such person", True),
        (403, "does not have access to account", True),
        (403, "does not have the required permissions for this endpoint", False),
        (401, "Invalid API key", False),
        (400, "Unrecognized request", False),
    ],
)
def test_only_a_no_about_the_object_means_gone(status: int, message: str, gone: bool) -> None:
    assert means_gone(Refused(message, status=status)) is gone


def test_no_row_changes_hands(account: str) -> None:
    Person.absorb_answer(answer(person(account)), account=account)
    for other in ("acct_other", None):
        with pytest.raises(mirror.Misplaced):
            Person.absorb_answer(answer(person("acct_other")), account=other)
    assert (Person.objects.get().account_id, Person.objects.get().revision) == (account, 1)


def test_a_stub_is_invisible_until_it_has_data(account: str) -> None:
    with transaction.atomic():
        rows = mirror.locked(Person, {"person_9": account, "person_8": account})
    assert list(rows) == ["person_8", "person_9"]
    assert not Person.objects.exists()
    assert Person.every.count() == 2
    assert rows["person_8"].standing() == order.Row()


def test_rows_of_several_models_are_read_in_one_query_as_each_would_read_its_own(db: None) -> None:
    row = builders.account()
    builders.capability(row), builders.capability(row, "transfers"), builders.person(row)
    asked = [model.objects.filter(account=row.pk) for model in (Capability, Account, Person)]
    with CaptureQueriesContext(connection) as queries:
        found = together.rows(*asked)
    assert len(queries) == 1
    no_data = {"_state": None, "badge": None}  # an account's badge is its capability's too: read where it is asked for
    assert [{each.pk: vars(each) | no_data for each in rows} for rows in found] == [
        {each.pk: vars(each) | no_data for each in rows} for rows in asked
    ]


def test_many_rows_are_written_in_one_statement(account: str) -> None:
    wanted = dict.fromkeys([f"person_{number}" for number in range(50)], account)
    with transaction.atomic():
        rows = mirror.locked(Person, wanted)
        decided = [(row, order.Write(person(account, id=row.pk), 5)) for row in rows.values()]
        with CaptureQueriesContext(connection) as queries:
            mirror.apply_all(Person, decided)
        mirror.apply_all(Person, [(row, order.KEEP) for row in rows.values()])
    assert len(queries) == 1
    assert Person.objects.filter(revision=1, as_of=5, name="Ada").count() == 50


def test_embedded_issuing_objects_become_ids() -> None:
    data = {
        "id": "iauth_1",
        "object": "issuing.authorization",
        "card": {"id": "ic_1", "object": "issuing.card", "cardholder": {"id": "ich_1", "object": "issuing.cardholder"}},
        "transactions": [{"id": "ipi_1", "object": "issuing.transaction"}],
        "merchant_data": {"name": "Dock Cafe"},
        "nameless": {"object": "issuing.thing"},
    }
    assert mirror.Mirror.normalise(data) == {
        **data,
        "card": "ic_1",
        "transactions": ["ipi_1"],
        "merchant_data": {"name": "Dock Cafe"},
    }


def test_objects_find_their_mirror_by_their_kind(account: str) -> None:
    assert mirror.absorb_object(person(account), account=account, sent_at=5).pk == "person_1"
    assert mirror.absorb_object({"id": "txr_1", "object": "tax_rate"}, account=account, sent_at=5) is None


def test_a_noun_that_says_nothing_has_the_id_of_stripe_and_is_neither_read_nor_listed() -> None:
    assert mirror.Mirror.row_id({"id": "x_1"}, None) == "x_1"
    assert list(mirror.Mirror.sync_paths(None)) == []
    with pytest.raises(NotImplementedError):
        mirror.Mirror.fetch_path("x_1", None)
    assert mirror.Mirror.witness(None) is None
    assert mirror.Mirror.witness_difference(None, {}, row=None) is None
    assert mirror.Mirror.set_columns(None) is None
