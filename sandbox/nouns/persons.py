"""Persons behind an account: create, list, retrieve, update, delete (docs.stripe.com/api/persons)."""

from sandbox.nouns.capabilities import open_account
from sandbox.world import given
from sandbox.world.dossier import Dossier
from sandbox.world.errors import invalid
from sandbox.world.noun import Call, listing, route
from sandbox.world.store import Data

PATH, ONE = "/v1/accounts/{id}/persons", "/v1/accounts/{accountId}/persons/{id}"


@route("POST", PATH)
def create(call: Call) -> Data:
    """Add a person. An individual's account has one, made from its `individual` hash."""
    dossier = open_account(call, "id")
    _check(dossier, call.params)
    if dossier.account["business_type"] == "individual" and dossier.persons:
        raise invalid("You cannot add persons to an account whose `business_type` is `individual`.")
    person = given.add_person(dossier, call.params)
    dossier.settle()
    return person


def _check(dossier: Dossier, params: Data, person_id: str | None = None) -> None:
    if "person_token" in params:
        raise invalid(f"No such token: '{params['person_token']}'", "resource_missing", "person_token")
    given.check(dossier, params)
    given.check_relationship(dossier, params, person_id)


@route("GET", PATH)
def list_all(call: Call) -> Data:
    """The account's persons, newest first, of one relationship if asked for."""
    dossier = open_account(call, "id")
    wanted = call.params.get("relationship", {})

    def related(person: Data) -> bool:
        return all(bool(person["relationship"].get(role)) == value for role, value in wanted.items())

    return listing(call, "person", url=f"/v1/accounts/{dossier.id}/persons", account=dossier.id, match=related)


@route("GET", ONE)
def retrieve(call: Call) -> Data:
    """One person of this account."""
    return open_account(call, "accountId").person(call.ids["id"])


@route("POST", ONE)
def update(call: Call) -> Data:
    """Change what was given; a changed identity is verified anew."""
    dossier = open_account(call, "accountId")
    person = dossier.person(call.ids["id"])
    _check(dossier, call.params, person["id"])
    given.put_person(dossier, person, call.params)
    dossier.settle()
    return person


@route("DELETE", ONE)
def delete(call: Call) -> Data:
    """Remove the person; what the account then lacks falls due."""
    dossier = open_account(call, "accountId")
    person = dossier.person(call.ids["id"])
    if dossier.facts().individual is person:
        raise invalid("You cannot delete the person that an individual's account is about.")
    answer = dossier.forget("person", person)
    dossier.settle()
    return answer
