"""The values that callers of the API and holders give for an account: checked first, then put into its record.

Of secret numbers only the verdict is kept.
"""

from typing import Any

from sandbox.rules import verdicts
from sandbox.rules.formats import Context, faults
from sandbox.world.account_record import AccountRecord
from sandbox.world.errors import invalid, missing
from sandbox.world.noun import UNSET, merge, merge_metadata
from sandbox.world.shapes import address, new_person, whole

Data = dict[str, Any]

IDENTITY_KEYS = frozenset({"first_name", "last_name", "dob", "id_number", "ssn_last_4"})
WRITE_ONLY = frozenset({"documents", "expand", "person_token", "id_number", "id_number_secondary", "ssn_last_4"})
PERSON_OWN_MERGE = frozenset({"metadata", "dob", "address", "full_name_aliases", "relationship"})


def check(record: AccountRecord, params: Data, inside: str = "") -> None:
    """Refuse (400) what cannot be right: formats, a business in another country, unknown files."""
    own = record.account["country"]
    living = (params.get("address") or {}).get("country")  # of a person
    for fault in faults(params, Context(own, record.world.now, living or ""), inside):
        raise invalid(fault.message, fault.code, fault.param)
    country = ((params.get("company") or {}).get("address") or {}).get("country")
    if country and country != own:
        words = f"The country of the business address ({country}) does not match the country of the account ({own})."
        raise invalid(words, "account_country_invalid_address", "company[address][country]")
    _check_files(record, params, inside)


def _check_files(record: AccountRecord, params: Data, inside: str) -> None:
    for name, value in params.items():
        param = f"{inside}[{name}]" if inside else name
        if name in ("front", "back", "icon", "logo") and value:
            _check_file(record, value, param)
        elif name == "files" and isinstance(value, list):
            for index, file_id in enumerate(value):
                _check_file(record, file_id, f"{param}[{index}]")
        elif isinstance(value, dict) and name != "metadata":
            _check_files(record, value, param)


def _check_file(record: AccountRecord, file_id: str, param: str) -> None:
    store = record.world.store
    known = file_id in verdicts.FILES or store.get("file", file_id, record.id) or store.get("file", file_id)
    if not known:
        raise missing("file upload", file_id, param)


def leaves(params: Data, before: str = "") -> set[str]:
    """The dotted names of all values that were given: `dob.day`, `address.line1`."""
    names: set[str] = set()
    for name, value in params.items():
        if value is UNSET:
            continue
        names |= leaves(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}"}
    return names


def add_person(record: AccountRecord, params: Data) -> Data:
    """A new person of the account, with everything given put in."""
    person = new_person(record.world.new_id("person"), record.id, record.world.now)
    record.persons.append(person)
    put_person(record, person, params)
    return person


def put_person(record: AccountRecord, person: Data, params: Data) -> None:
    """Lay parameters of `POST …/persons` (or an `individual` hash) over the person. They are checked already."""
    prefix = record.facts().prefix(person)
    _put_person_numbers(record, person, params)
    if IDENTITY_KEYS & set(params):
        record.account["_failed"] = [known for known in record.account["_failed"] if known != person["id"]]
    plain = {name: value for name, value in params.items() if name not in WRITE_ONLY | PERSON_OWN_MERGE}
    person.update(whole(merge(person, plain)))
    person["metadata"] = merge_metadata(person["metadata"], params.get("metadata"))
    person["full_name_aliases"] = params.get("full_name_aliases", person["full_name_aliases"]) or []
    if "dob" in params:
        person["dob"] = params["dob"] or dict.fromkeys(("day", "month", "year"))
    person["relationship"] = merge(person["relationship"], params.get("relationship", {}))
    if "address" in params:
        person["address"] = put_address(record, person["address"], params["address"])
    names = leaves(params)
    record.given({f"{person['id']}.{name}" for name in names} | {f"{prefix}.{name}" for name in names})


def _put_person_numbers(record: AccountRecord, person: Data, params: Data) -> None:
    for name in ("id_number", "ssn_last_4"):
        if params.get(name):
            person[f"{name}_provided"] = True
            record.account["_secrets"][f"{person['id']}.{name}"] = verdicts.secret_verdict(name, params[name])
    if params.get("id_number") and record.account["country"] == "US":
        person["ssn_last_4_provided"] = True
    if params.get("id_number_secondary"):
        person["id_number_secondary_provided"] = True


def put_address(record: AccountRecord, before: Data | None, given: Data) -> Data:
    """The address after the change; Stripe fills in the account's own country."""
    merged = merge(before or address(), given)
    return {**merged, "country": merged["country"] or record.account["country"]}


def check_relationship(record: AccountRecord, params: Data, person_id: str | None = None) -> None:
    """Refuse a second representative."""
    wanted = params.get("relationship", {}).get("representative")
    there = record.representative()
    if wanted and there is not None and there["id"] != person_id:
        raise invalid(
            f"This account already has a representative: '{there['id']}'. An account can have only one.",
            param="relationship[representative]",
        )


def put_account(record: AccountRecord, params: Data) -> None:
    """Lay parameters of account creation or update over the account. Bank accounts and capabilities are not touched."""
    own = record.account
    own["business_type"] = params.get("business_type", own["business_type"])
    for name in ("email", "default_currency"):
        if name in params:
            own[name] = params[name] or None
    own["metadata"] = merge_metadata(own["metadata"], params.get("metadata"))
    own["business_profile"] = whole(merge(own["business_profile"], params.get("business_profile", {})))
    _put_company(record, params.get("company", {}))
    _put_individual(record, params.get("individual"))
    _put_settings(own, params.get("settings", {}))
    terms = params.get("tos_acceptance", {})
    if terms.get("date"):
        own["_terms_void"] = False
        own["tos_acceptance"]["user_agent"] = None  # that of another acceptance
    own["tos_acceptance"].update(terms)
    if "groups" in params:
        own["groups"] = {"payments_pricing": params["groups"].get("payments_pricing") or None}
    record.given(leaves({name: value for name, value in params.items() if name not in ("individual", "metadata")}))


COMPANY_SECRETS = {"tax_id": "tax_id_provided", "vat_id": "vat_id_provided"}


def _put_company(record: AccountRecord, given: Data) -> None:
    company = record.account["company"]
    if given.get("tax_id"):
        _put_tax_id(record, given["tax_id"])
    for name, flag in COMPANY_SECRETS.items():
        if given.get(name):
            company[flag] = True
    hidden = {*COMPANY_SECRETS, "registration_number"}
    company.update(whole(merge(company, {name: value for name, value in given.items() if name not in hidden})))
    for name, value in [*given.items()]:
        if value is UNSET:
            company.pop(name)
    if "address" in given:
        company["address"] = put_address(record, company["address"], given["address"])


def _put_tax_id(record: AccountRecord, tax_id: str) -> None:
    """A new number in place of a verified one voids the acceptances; two that verify alike cannot be told apart."""
    own, verdict = record.account, verdicts.secret_verdict("tax_id", tax_id)
    before = own["_secrets"].get("company.tax_id")
    verified = before in ("ok", "ok_now") and own["_looks"].get("company", {}).get("until", 0) <= record.world.now
    if verified and before != verdict and "company" in own["_looks"]:
        own["_terms_void"] = own["tos_acceptance"].get("date") is not None
        own["tos_acceptance"].update(date=None, ip=None, user_agent=None)
        own["settings"]["card_issuing"]["tos_acceptance"] = {"date": None, "ip": None}
    own["_secrets"]["company.tax_id"] = verdict


def _put_individual(record: AccountRecord, given: Data | None) -> None:
    if not given:
        return
    if record.account["business_type"] != "individual":
        raise invalid("You can only pass `individual` when `business_type` is `individual`.", param="individual")
    person = record.representative() or add_person(record, {"relationship": {"representative": True}})
    put_person(record, person, given)


def _put_settings(own: Data, given: Data) -> None:
    given = dict(given)
    for name in ("card_issuing", "treasury"):
        terms = given.pop(name, {}).get("tos_acceptance")
        if terms:
            own["settings"][name] = {"tos_acceptance": {key: value for key, value in terms.items() if value}}
    delay = given.get("payouts", {}).get("schedule", {})
    if delay.get("delay_days") == "minimum":
        given = merge(given, {"payouts": {"schedule": {"delay_days": 2}}})
    own["settings"] = merge(own["settings"], given)


TERMS = ("tos_acceptance",), ("settings", "card_issuing", "tos_acceptance"), ("settings", "treasury", "tos_acceptance")


def check_terms(record: AccountRecord, params: Data) -> None:
    """Date and address of an acceptance come together; the platform accepts only where it collects requirements."""
    for path in TERMS:
        terms: Any = params
        for step in path:
            terms = terms.get(step, {})
        _check_acceptance(record, terms, path[0] + "".join(f"[{step}]" for step in path[1:]))


def _check_acceptance(record: AccountRecord, terms: Data, param: str) -> None:
    given = [name for name in ("date", "ip", "user_agent") if name in terms]
    absent = [name for name in ("date", "ip") if name not in terms]
    if given and record.account["controller"].get("requirement_collection") != "application":
        words = "You cannot accept the Terms of Service on behalf of Express and Standard connected accounts."
        raise invalid(words, param=param)
    if given and absent:
        words = f"You must provide both `{param}[date]` and `{param}[ip]` to record an acceptance."
        raise invalid(words, "parameter_missing", f"{param}[{absent[0]}]")
