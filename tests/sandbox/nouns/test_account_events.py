"""What each change of an account is heard of: types, order of cause, previous_attributes."""

from tests.sandbox.stock import BOSS, Stock


def types(events: list[dict]) -> list[str]:
    return [event["type"] for event in events]


def test_new_account_shows_up_as_updated(stock: Stock) -> None:
    account = stock.account()
    events = stock.events(account["id"])
    assert types(events) == ["capability.updated", "capability.updated", "account.updated"]
    assert events[2]["data"]["object"] == account
    assert events[2]["data"]["previous_attributes"] == {}
    assert all(event["account"] == account["id"] for event in events)
    assert events[0]["data"]["previous_attributes"]["status"] == "unrequested"


def test_previous_attributes_are_the_old_values_of_what_changed(stock: Stock) -> None:
    account = stock.account(business_type="company", company={"name": "Old"}, metadata={"a": "1"})
    stock.update(account["id"], company={"name": "New", "phone": "0000000000"}, metadata={"a": "", "b": "2"})
    event = stock.events(account["id"])[-1]
    previous = event["data"]["previous_attributes"]
    assert previous["company"] == {"name": "Old", "phone": None} or previous["company"]["name"] == "Old"
    assert previous["metadata"] == {"a": "1", "b": None}
    assert previous["requirements"]["past_due"] == account["requirements"]["past_due"]
    assert set(previous) == {"company", "metadata", "requirements"}
    assert event["request"]["id"].startswith("req_")


def test_update_that_changes_nothing_makes_no_event(stock: Stock) -> None:
    account = stock.account(business_type="company", company={"name": "Same"})
    before = types(stock.events(account["id"]))
    stock.update(account["id"], company={"name": "Same"})
    assert types(stock.events(account["id"])) == before


def test_person_makes_itself_and_what_follows_heard(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    before = len(stock.events(account_id))
    person = stock.person(account_id, **BOSS)
    new = stock.events(account_id)[before:]
    assert types(new) == ["person.created", "capability.updated", "capability.updated", "account.updated"]
    assert new[0]["data"]["object"] == person
    assert "previous_attributes" not in new[0]["data"]


def test_individual_makes_its_person(stock: Stock) -> None:
    account = stock.individual()
    assert types(stock.events(account["id"]))[:2] == ["person.created", "account.external_account.created"]


def test_answer_of_a_verification_is_stripes_own_doing(stock: Stock) -> None:
    account = stock.individual(id_number="000000000", dob={"day": 1, "month": 1, "year": 1901})
    before = len(stock.events(account["id"]))
    stock.advance("2s")
    new = stock.events(account["id"])[before:]
    assert types(new) == ["person.updated", "capability.updated", "capability.updated", "account.updated"]
    assert new[0]["data"]["previous_attributes"]["verification"] == {"status": "pending"}
    assert new[3]["data"]["previous_attributes"]["capabilities"] == {"card_issuing": "pending", "transfers": "pending"}
    assert new[3]["request"] == {"id": None, "idempotency_key": None}


def test_bank_accounts_are_heard_of(stock: Stock) -> None:
    account = stock.account(external_account="btok_us")
    banks = stock.v1.accounts.external_accounts
    first = banks.list(account["id"]).data[0].id
    second = banks.create(account["id"], {"external_account": "btok_us", "default_for_currency": True}).id
    banks.delete(account["id"], first)
    heard = [event for event in stock.events(account["id"]) if event["type"].startswith("account.external")]
    assert [(event["type"].rpartition(".")[2], event["data"]["object"]["id"]) for event in heard] == [
        ("created", first),
        ("updated", first),
        ("created", second),
        ("deleted", first),
    ]


def test_deleted_person_is_heard_of(stock: Stock) -> None:
    account = stock.company()
    person_id = stock.v1.accounts.persons.list(account["id"]).data[0].id
    before = len(stock.events(account["id"]))
    stock.v1.accounts.persons.delete(account["id"], person_id)
    new = types(stock.events(account["id"])[before:])
    assert new[0] == "person.deleted"
    assert new[-1] == "account.updated"


def test_deadline_that_passes_is_heard_of_at_its_own_moment(stock: Stock) -> None:
    account = stock.company()
    stock.act(account["id"], "require", keys=["company.structure"], deadline="6d")
    deadline = stock.read(account["id"])["requirements"]["current_deadline"]
    stock.advance("9d")
    last = stock.events(account["id"])[-1]
    assert last["created"] == deadline
    assert last["data"]["previous_attributes"]["capabilities"] == {"card_issuing": "active", "transfers": "active"}
