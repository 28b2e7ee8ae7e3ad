"""Persons behind an account: create, list, retrieve, update, delete (docs.stripe.com/api/persons)."""

from sandbox.nouns.capabilities import open_account
from sandbox.world import account_values
from sandbox.world.account_record import AccountRecord
from sandbox.world.errors import invalid
from sandbox.world.noun import Call, listing, route
from sandbox.world.store import Data

PATH, ONE = "/v1/accounts/{id}/persons", "/v1/accounts/{accountId}/persons/{id}"


@route("POST", PATH)
def create(call: Call) -> Data:
    """Add a person. An individual's account has one, made from its `individual` hash."""
    record = open_account(call, "id")
    _check(record, call.params)
    if record.account["business_type"] == "individual" and record.persons:
        raise invalid("You cannot add persons to an account whose `business_type` is `individual`.")
    person = account_values.add_person(record, call.params)
    record.settle()
    return person


def _check(record: AccountRecord, params: Data, person_id: str | None = None) -> None:
    if "person_token" in params:
        raise invalid(f"No such token: '{params['person_token']}'", "resource_missing", "person_token")
    account_values.check(record, params)
    account_values.check_relationship(record, params, person_id)


@route("GET", PATH)
def list_all(call: Call) -> Data:
    """The account's persons, newest first, of one relationship if asked for."""
    record = open_account(call, "id")
    wanted = call.params.get("relationship", {})

    def related(person: Data) -> bool:
        return all(bool(person["relationship"].get(role)) == value for role, value in wanted.items())

    return listing(call, "person", url=f"/v1/accounts/{record.id}/persons", account=record.id, match=related)


@route("GET", ONE)
def retrieve(call: Call) -> Data:
    """One person of this account."""
    return open_account(call, "accountId").person(call.ids["id"])


@route("POST", ONE)
def update(call: Call) -> Data:
    """Change what was given; a changed identity is verified anew."""
    record = open_account(call, "accountId")
    person = record.person(call.ids["id"])
    _check(record, call.params, person["id"])
    account_values.put_person(record, person, call.params)
    record.settle()
    return person


@route("DELETE", ONE)
def delete(call: Call) -> Data:
    """Remove the person; what the account then lacks falls due."""
    record = open_account(call, "accountId")
    person = record.person(call.ids["id"])
    if record.facts().individual is person:
        raise invalid("You cannot delete the person that an individual's account is about.")
    answer = record.forget("person", person)
    record.settle()
    return answer
