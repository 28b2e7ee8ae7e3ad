"""What the rules look at: an account as Stripe shows it, its persons, and what Stripe keeps to itself."""

from dataclasses import dataclass, field
from typing import Any

Data = dict[str, Any]

ROLES = ("representative", "owner", "director", "executive", "authorizer", "legal_guardian")
OWNER_FROM_PERCENT = 25  # Stripe's identity pages say "25 % or more", its Issuing page "more than 25 %"


@dataclass(frozen=True)
class Demand:
    """A key that Stripe asks for beyond the tables: due until given, late after `deadline` (None: late already)."""

    key: str
    deadline: int | None
    capabilities: tuple[str, ...] = ()  # empty: all that are requested


@dataclass(frozen=True)
class Facts:
    """An account at one time (`now`, unix seconds), as the rules need it."""

    account: Data
    persons: list[Data]
    has_external_account: bool
    now: int
    secrets: dict[str, str] = field(default_factory=dict)  # "company.tax_id", "person_1.id_number" -> verdict
    looking_until: dict[str, int] = field(default_factory=dict)  # "company" or person id -> answer known at
    failed: frozenset[str] = frozenset()  # persons whose verification was made to fail
    demands: tuple[Demand, ...] = ()
    terms_void: bool = False  # the tax id changed under an acceptance

    @property
    def individual(self) -> Data | None:
        """The person that an individual's account is about."""
        if self.account.get("business_type") != "individual":
            return None
        return next((person for person in self.persons if has_role(person, "representative")), None)

    def prefix(self, person: Data) -> str:
        """What stands before a person's keys at account level."""
        individual = self.individual
        return "individual" if individual and individual["id"] == person["id"] else person["id"]


def has_role(person: Data, role: str) -> bool:
    """Whether the person is a representative, owner …; who owns 25 % or more is an owner without saying so."""
    relationship = person.get("relationship") or {}
    if role == "owner" and (relationship.get("percent_ownership") or 0) >= OWNER_FROM_PERCENT:
        return True
    return bool(relationship.get(role))


def lookup(data: Data | None, path: str) -> Any:
    """The value at a dotted path; None where any step is missing."""
    value: Any = data
    for step in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def is_given(value: Any) -> bool:
    """Zero counts as an answer; null, an empty text and False (a list not declared complete) do not."""
    return value is not None and value is not False and value != ""


PROVIDED = {"ssn_last_4": "ssn_last_4_provided", "id_number": "id_number_provided"}


def person_gave(person: Data | None, key: str) -> bool:
    """Whether the person has given a bare key such as `dob.day`, `id_number` or `verification.document`."""
    if key == "ssn_last_4" and lookup(person, "id_number_provided"):
        return True
    if key.startswith("verification."):
        key += ".front"
    return is_given(lookup(person, PROVIDED.get(key, key)))


def account_gave(facts: Facts, key: str) -> bool:
    """Whether the account has given a key. Placeholders such as `representative.first_name` are never given."""
    head, _, rest = key.partition(".")
    if key == "external_account":
        return facts.has_external_account
    if head == "individual":
        return person_gave(facts.individual, rest)
    if key == "company.tax_id":
        return bool(lookup(facts.account, "company.tax_id_provided"))
    if key == "company.verification.document":
        key += ".front"
    return is_given(lookup(facts.account, key))
