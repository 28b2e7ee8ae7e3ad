"""Fill in what is due with Stripe's test values (docs.stripe.com/connect/testing); never in live mode.

What to send follows from what is due (`plan`, pure). After each round the account is read again, because an answer can
make another key due, until test values can meet nothing more. The terms come last.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from accounts.account.models import Account
from accounts.account.verbs import AccountVerb
from accounts.persons.models import Person
from accounts.requirements.models import keys_due
from accounts.terms import models as terms_models
from accounts.terms.models import Signature, SigningVerb
from accounts.terms.words import AGREEMENTS, TEST_VALUES
from console.operations.models import Operation
from console.operations.verbs import TEST_MODES, Outcome, Request
from gateway import client, clock
from gateway.shapes import text_at, value_at

Data = dict[str, Any]

SHOWN_DATE = "<the moment of the first attempt>"  # what a preview shows in its place
ROUNDS = 4  # business type → what it asks for → persons → what they are asked for
# Of whoever "accepts" in a test: public, so that Stripe and our own rule take it (documentation addresses are refused),
# and no member of staff and no holder can sit there: it is a public resolver.
TEST_IP = "8.8.8.8"
ADDRESSES: dict[str, Data] = {
    "US": {"city": "Savannah", "state": "GA", "postal_code": "31401"},
    "GB": {"city": "London", "postal_code": "EC1A 1BB"},
    "IE": {"city": "Dublin", "state": "Dublin", "postal_code": "D02 X285"},
}
ELSEWHERE = {"city": "Berlin", "postal_code": "10115"}
BANKS: dict[str, Any] = {
    "US": "btok_us",
    "GB": {
        "object": "bank_account",
        "country": "GB",
        "currency": "gbp",
        "routing_number": "108800",
        "account_number": "00012345",
    },
}
DOCUMENT = {"document": {"front": "file_identity_document_success"}}
# Values that prove true at once, in the same answer.
PERSON: Data = {
    "first_name": "Jenny",
    "last_name": "Rosen",
    "email": "jenny.rosen@example.com",
    "phone": "0000000000",
    "dob": {"day": 1, "month": 1, "year": 1902},
    "id_number": "222222222",
}
MORE_OF_A_PERSON: Data = {
    "nationality": "US",
    "political_exposure": "none",
    "relationship": {"title": "Managing director", "percent_ownership": 60},
    "verification": DOCUMENT,
}
COMPANY: Data = {
    "name": "Test Company",
    "phone": "0000000000",
    "tax_id": "222222222",
    "structure": "private_corporation",
    "owners_provided": True,
    "directors_provided": True,
    "executives_provided": True,
}
PROFILE: Data = {
    "mcc": "5734",
    "url": "https://accessible.stripe.com",
    "name": "Test Company",
    "product_description": "Goods and services for test customers",
    "estimated_worker_count": 12,
    "annual_revenue": {"amount": 48_000_000, "currency": "usd", "fiscal_year_end": "2025-12-31"},
}
ROLES = ("representative", "owner", "director", "executive")


@dataclass(frozen=True)
class Step:
    """One call: POST to `path` below the account ("" for the account itself)."""

    name: str
    path: str = ""
    params: Data = field(default_factory=dict)

    def key(self, operation: Operation) -> str:
        """The idempotency key: of the operation, the step and what it sends. A repeated step gets its first answer."""
        sent = json.dumps([self.name, self.path, self.params], sort_keys=True)
        return f"{operation.key}-{self.name}-{hashlib.sha256(sent.encode()).hexdigest()[:12]}"


def plan(account: Data, persons: Iterable[Data]) -> list[Step]:
    """The calls that meet what is due, except the terms; empty where test values can meet nothing more."""
    keys = [key for key in keys_due(account) if "tos_acceptance" not in key]
    country = text_at(account, "country") or "US"
    steps = [Step("account", "", _account(keys, country))]
    roles = [role for role in ROLES if f"relationship.{role}" in keys]
    representative = next((person for person in persons if value_at(person, "relationship.representative")), None)
    if representative is None and (roles or any(key.startswith("representative.") for key in keys)):
        # in every role that is asked for, with everything a person may be asked
        numbers = PERSON if country == "US" else {name: PERSON[name] for name in PERSON if name != "id_number"}
        params = {**numbers, "address": _address(country), **_roles(["representative", *roles])}
        steps.append(Step("person", "/persons", params))
    elif representative and roles:
        steps.append(Step("roles", f"/persons/{representative['id']}", _roles(roles)))
    for person_id in dict.fromkeys(key.partition(".")[0] for key in keys if key.startswith("person_")):
        asked = [key.partition(".")[2] for key in keys if key.startswith(f"{person_id}.")]
        steps.append(Step("person", f"/persons/{person_id}", _person(asked, country)))
    return [step for step in steps if step.params]


def _account(keys: list[str], country: str) -> Data:
    """What the account itself is asked for; fields of one hash go together."""
    company = _fields(_below("company", keys), {**COMPANY, "address": _address(country), "verification": DOCUMENT})
    parts = {
        "business_type": "company" if "business_type" in keys else None,
        "business_profile": _fields(_below("business_profile", keys), PROFILE),
        "company": company,
        "individual": _person(_below("individual", keys), country),
        "external_account": BANKS.get(country) if "external_account" in keys else None,
    }
    return {name: value for name, value in parts.items() if value}


def _below(head: str, keys: Iterable[str]) -> list[str]:
    return [key.partition(".")[2] for key in keys if key.startswith(f"{head}.")]


def _fields(asked: Iterable[str], values: Data) -> Data:
    """The whole value of each field that is asked for, be it by one of its parts only."""
    wanted = dict.fromkeys(key.partition(".")[0] for key in asked)
    return {name: values[name] for name in wanted if name in values}


def _person(asked: list[str], country: str) -> Data:
    """What one person is asked for; the whole number in place of its last four digits."""
    wanted = ["id_number" if key == "ssn_last_4" else key for key in asked]
    given = _fields(wanted, {**PERSON, **MORE_OF_A_PERSON, "address": _address(country)})
    if "verification" in given and any("additional_document" in key for key in wanted):
        given["verification"] = {"additional_document": DOCUMENT["document"]}
    return given


def _roles(roles: Iterable[str]) -> Data:
    own: Data = {**dict.fromkeys(roles, True), "title": "Managing director"}
    return {"relationship": own | ({"percent_ownership": 60} if "owner" in own else {})}


def _address(country: str) -> Data:
    return {"line1": "address_full_match", **ADDRESSES.get(country, ELSEWHERE), "country": country}


def _terms(account: Data, date: Any) -> Step:
    """The acceptance of what is due, at a moment that is the same at every attempt."""
    return Step("terms", "", terms_models.params(terms_models.due(account), {"date": date, "ip": TEST_IP}))


def _read(path: str) -> tuple[Data, list[Step]]:
    """The account, and what to send next: two calls."""
    account = client.get(path, account=None).data
    persons = [person for page in client.pages(f"{path}/persons", account=None) for person in page.data["data"]]
    return account, plan(account, persons)


def _outcome(operation: Operation, account: Account, request_id: str = "") -> Outcome:
    data = account.data or {}
    return Outcome(
        object_id=operation.account_id,
        account_name=str(account),
        request_id=request_id,
        result={"card_issuing": text_at(data, "capabilities.card_issuing"), "left": keys_due(data)},
    )


TEST_SIGNATURE = Signature(TEST_VALUES, "Test values", "")


class FillTestValues(AccountVerb, SigningVerb):
    """Meet what is due with test values, in rounds, the terms last."""

    name = "accounts.fill_test_values"
    label, label_many = "Fill in test values", "Fill in test values"
    permission = "accounts.fill_test_values"
    modes = TEST_MODES
    stripe_object = "account"

    def objection(self, row: Account) -> str:
        """Where it is gone."""
        return f"{row.pk} is no longer connected to this platform." if row.gone else ""

    def gather(self, rows: list[Any]) -> None:
        """The persons of each account, as the mirror has them (`persons`)."""
        found = Person.objects.filter(account__in=[row.pk for row in rows], gone_at=None)
        own = defaultdict[str, list[Data]](list)
        for person in found.order_by("pk"):
            own[str(person.account_id)].append(person.data or {})
        for row in rows:
            row.persons = own[row.pk]

    def request(self, row: Account, values: Data) -> Request:
        """The calls of the first round and the terms, as far as the mirror knows what is due."""
        data, path = row.data or {}, f"/v1/accounts/{row.pk}"
        due = keys_due(data)
        steps = plan(data, row.persons)  # type: ignore[attr-defined]
        calls = [
            Request("POST", path + step.path, params=step.params, before=None if step.path else data)
            for step in [*steps, _terms(data, SHOWN_DATE)]
            if step.params
        ]
        return replace(
            calls[0] if calls else Request("GET", path),
            then=tuple(calls[1:]),
            changes=(("Due now", f"{len(due)} key{'s' * (len(due) != 1)}", "none that test values can meet"),),
            facts=(("Rounds", f"What Stripe asks for next is sent in the same way, {ROUNDS} times at most."),),
            undo="It cannot be taken back. Several calls, each with its own key: the account, its persons, "
            "the terms last.",
        )

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Round after round, the terms, then everything is read again. A dozen calls as a rule.

        Safe to repeat after a crash at any step: each attempt begins with what Stripe has, and a step that was sent
        before has the same key.
        """
        path, sent = f"/v1/accounts/{operation.account_id}", list[str]()
        data, steps = _read(path)
        for _ in range(ROUNDS):
            fresh = [step for step in steps if step.key(operation) not in sent]
            for step in fresh:
                client.post(path + step.path, step.params, account=None, key=step.key(operation))
                sent.append(step.key(operation))
            if not fresh:
                break
            data, steps = _read(path)
        request_id = self._accept_terms(operation, path, data)
        return _outcome(operation, Account.objects.get(pk=operation.account_id).refresh(), request_id)

    def _accept_terms(self, operation: Operation, path: str, account: Data) -> str:
        """Accept what is due, at the second of the first attempt: the same call at every attempt. Its request id."""
        terms = _terms(account, operation.first_tried_at or clock.timestamp())
        if not terms.params:
            return ""
        answer = client.post(path, terms.params, account=None, key=terms.key(operation))
        terms_models.recorded(operation, answer.data, terms_models.due(account), TEST_SIGNATURE)
        return answer.request_id

    def find(self, operation: Operation) -> Outcome | None:
        """It is done where nothing is due any more; one call, and four where it is so."""
        answer = client.get(f"/v1/accounts/{operation.account_id}", account=None)
        if keys_due(answer.data):
            return None
        return _outcome(operation, Account.objects.get(pk=operation.account_id).refresh(), answer.request_id)

    def signature(self, operation: Operation) -> tuple[int, list[str], Signature]:
        """The second of the first attempt."""
        return operation.first_tried_at or 0, list(AGREEMENTS), TEST_SIGNATURE

    def done(self, operation: Operation) -> str:
        """What is still due, and the status of card_issuing."""
        left, state = operation.result.get("left") or [], operation.result.get("card_issuing") or "not requested"
        rest = f" Still due: {', '.join(left)}." if left else " Nothing is due any more."
        return f"Test values are filled in: card_issuing is {state}.{rest}"

    def went_well(self, operation: Operation) -> bool:
        """Whether nothing is left."""
        return not operation.result.get("left")
