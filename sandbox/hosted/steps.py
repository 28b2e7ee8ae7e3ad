"""The steps of the hosted onboarding form, made from what is due at this moment, and how each is carried out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.hosted.fields import BANK, BANK_GB, BUSINESS, OTHER, PERCENT, PERSON, Field, fields_for, nested
from sandbox.nouns.external_accounts import replace_default
from sandbox.rules.facts import has_role
from sandbox.rules.requirements import split
from sandbox.world import account_values
from sandbox.world.account_record import AccountRecord

Data = dict[str, Any]

EITHER = (
    ("business_profile.url", "business_profile.product_description"),
    ("business_profile.support_phone", "business_profile.support_email"),
)
SERVICES, ISSUING = "tos_acceptance.date", "settings.card_issuing.tos_acceptance.date"
ROLE_WORDS = {
    "owner": ("Owners", "Does anybody own 25 % or more of the business?"),
    "director": ("Directors", "Who directs the business?"),
    "executive": ("Executives", "Who manages the business?"),
}


@dataclass(frozen=True)
class Step:
    """One screen. `kind`: type, business, person, role, bank, other, terms; `subject`: a person's id or a role."""

    kind: str
    heading: str
    lead: str
    fields: dict[str, Field] = field(default_factory=dict)
    subject: str = ""

    @property
    def name(self) -> str:
        """Which step it is within one visit."""
        return f"{self.kind}-{self.subject}" if self.subject else self.kind


def asked(record: AccountRecord, visit: Data) -> set[str]:
    """The keys that this visit is about, by the link's `collection_options` and type."""
    own = record.account["requirements"]
    keys = {*own["currently_due"]}
    if visit["fields"] == "eventually_due":
        keys |= {*own["eventually_due"]}
    if visit["future"]:
        keys |= {*record.account["future_requirements"]["currently_due"]}
    return keys | _already_given(record) if visit["type"] == "account_update" else keys


def _already_given(record: AccountRecord) -> set[str]:
    """What the holder may change in an update: everything the tables name but terms and bank accounts."""
    keys = set()
    for asked_for in filter(None, map(record.table, record.account["_requested"])):
        keys |= {split(key)[0] for key in asked_for.account if key.startswith(("business_profile.", "company."))}
        for role, bare in asked_for.persons.items():
            keys |= {f"{p['id']}.{split(key)[0]}" for p in record.persons if has_role(p, role) for key in bare}
    individual = record.facts().individual
    return keys | {f"individual.{key}" for key in ("first_name", "last_name", "email", "phone") if individual}


def steps(record: AccountRecord, visit: Data) -> list[Step]:
    """All steps of the visit that are left, terms last. Once the type of business is known there are more."""
    keys = asked(record, visit)
    if "business_type" in keys:
        first = Step(
            "type", "What kind of business is it?", "This decides what else we ask.", _business({"business_type"})
        )
        return [first, _terms(keys)]
    fields, lead = _business(keys), "As it stands on its registration and tax papers."
    found = [
        *([Step("business", "About the business", lead, fields)] if fields else []),
        *_person_steps(record, keys, visit.get("adding", "")),
        *_other_steps(record, keys),
    ]
    return [step for step in found if step.name not in visit["done"]] + [_terms(keys)]


def _business(keys: Iterable[str]) -> dict[str, Field]:
    wanted = set(keys)
    for pair in EITHER:
        if wanted & set(pair):
            wanted |= set(pair)
    return fields_for(wanted, BUSINESS)


def _person_steps(record: AccountRecord, keys: set[str], adding: str) -> list[Step]:
    found = []
    individual = fields_for(_bare(keys, "individual"), PERSON)
    if individual:
        found.append(Step("person", "About you", "The person the account is for.", individual, "individual"))
    if "relationship.representative" in keys:
        fields = fields_for(role_keys(record, "representative"), PERSON)
        lead = "Somebody who may sign for the business, usually you."
        found.append(Step("person", "About its representative", lead, fields, "new_representative"))
    for person in record.persons:
        fields = fields_for(_bare(keys, person["id"]), PERSON)
        if fields:
            name = " ".join(filter(None, (person["first_name"], person["last_name"]))) or "this person"
            found.append(
                Step("person", f"About {name}", "What is still needed, or must be corrected.", fields, person["id"])
            )
    found += [_role_step(role) for role in ROLE_WORDS if f"relationship.{role}" in keys and role != adding]
    if adding:
        fields = fields_for(role_keys(record, adding), PERSON)
        found.append(
            Step("person", f"About the {adding}", "One person; others can be added later.", fields, f"new_{adding}")
        )
    return found


def _bare(keys: set[str], prefix: str) -> set[str]:
    return {key.removeprefix(f"{prefix}.") for key in keys if key.startswith(f"{prefix}.")}


def role_keys(record: AccountRecord, role: str) -> set[str]:
    """What the requested capabilities ask of somebody with this role."""
    tables = filter(None, map(record.table, record.account["_requested"]))
    return {split(key)[0] for asked_for in tables for key in asked_for.persons.get(role, ())}


def _role_step(role: str) -> Step:
    heading, lead = ROLE_WORDS[role]
    me = Field(
        "",
        "choice",
        "me",
        options=(("me", "The representative does"), ("other", "Somebody else"), ("nobody", "Nobody")),
    )
    fields = {"choice": me}
    if role == "owner":
        fields["percent_ownership"] = Field(PERCENT.label, "integer", "100", PERCENT.hint, optional=True)
    return Step("role", heading, lead, fields, role)


def _other_steps(record: AccountRecord, keys: set[str]) -> list[Step]:
    found = []
    if "external_account" in keys:
        fields = BANK_GB if record.account["country"] == "GB" else BANK
        found.append(Step("bank", "Where payouts go", "A bank account in the name of the business.", fields))
    known = {*BUSINESS, "external_account"}
    prefixes = ("person_", "individual.", "relationship.", "tos_acceptance.", "settings.", "representative.")
    rest = sorted(key for key in keys if key not in known and not key.startswith(prefixes))
    if rest:
        fields = {key: Field(_label(key), "area", OTHER.test, f"{OTHER.hint} ({key})") for key in rest}
        found.append(Step("other", "Questions from Stripe", "These cannot be answered through the API.", fields))
    return found


def _label(key: str) -> str:
    """`interv_1….business_model_verification.form` as words; other keys as they are."""
    parts = key.split(".")
    return parts[1].replace("_", " ").capitalize() if key.startswith("interv_") and len(parts) > 1 else key


def _terms(keys: set[str]) -> Step:
    fields = {}
    if SERVICES in keys:
        fields["services"] = Field(
            "I accept the Connected Account Agreement (Stripe's services agreement).", "check", "yes"
        )
    if ISSUING in keys:
        words = "I accept the Issuing Accountholder Terms and the Issuing Bank Terms, and agree to sign electronically."
        fields["issuing"] = Field(words, "check", "yes")
    lead = "You accept for the business, from your own device." if fields else "Nothing is left to accept."
    return Step("terms", "Terms" if fields else "All done", lead, fields)


@dataclass(frozen=True)
class Acceptance:
    """Where an acceptance comes from: unix seconds, address and browser."""

    date: int
    ip: str
    user_agent: str


def carry_out(record: AccountRecord, step: Step, values: Data, acceptance: Acceptance) -> None:
    """Lay the values of a step into the record. Raises StripeError for what only Stripe can see is wrong."""
    if step.kind in ("type", "business"):
        account_values.put_account(record, nested(values))
    elif step.kind == "person":
        _put_person(record, step.subject, nested(values))
    elif step.kind == "role":
        _put_role(record, step.subject, values)
    elif step.kind == "bank":
        own = {"country": record.account["country"], "currency": record.account["default_currency"]}
        replace_default(record, {"object": "bank_account", **own, **values})
    elif step.kind == "other":
        record.given(set(values))
    elif step.kind == "terms":
        account_values.put_account(record, _acceptances(values, acceptance))


def _put_person(record: AccountRecord, subject: str, params: Data) -> None:
    if subject == "individual":
        account_values.put_account(record, {"individual": params})
    elif subject.startswith("new_"):
        role = subject.removeprefix("new_")
        share = {"percent_ownership": 25} if role == "owner" else {}
        params["relationship"] = {**params.get("relationship", {}), role: True, **share}
        account_values.add_person(record, params)
    else:
        account_values.put_person(record, record.person(subject), params)


def _put_role(record: AccountRecord, role: str, values: Data) -> None:
    representative = record.representative()
    if values["choice"] == "nobody":
        account_values.put_account(record, {"company": {f"{role}s_provided": True}})
    elif values["choice"] == "me" and representative:
        share = {"percent_ownership": values["percent_ownership"]} if "percent_ownership" in values else {}
        account_values.put_person(record, representative, {"relationship": {role: True, **share}})


def _acceptances(values: Data, acceptance: Acceptance) -> Data:
    signed = {"date": acceptance.date, "ip": acceptance.ip, "user_agent": acceptance.user_agent}
    params: Data = {}
    if values.get("services"):
        params["tos_acceptance"] = signed
    if values.get("issuing"):
        params["settings"] = {"card_issuing": {"tos_acceptance": dict(signed)}}
    return params
