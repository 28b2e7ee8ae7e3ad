"""What Stripe finds out about what it was given: at once (formats, ages, denylists) or after a look (identity, tax id).

docs.stripe.com/connect/testing-verification gives the outcomes: a birth date that fails asks for a document, an address
that fails for an additional document, both for both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sandbox.rules import verdicts
from sandbox.rules.facts import Data, Facts, has_role, lookup, person_gave
from sandbox.rules.verdicts import Finding

IDENTITY = ("first_name", "last_name", "dob.day", "address.line1")


@dataclass(frozen=True)
class Look:
    """A verification to be made: `inputs` says of what (without any secret), `slow` the keys that take time."""

    inputs: str
    slow: tuple[str, ...]


def person_look(facts: Facts, person: Data) -> Look | None:
    """What is to be verified of a person; None while the identity is incomplete."""
    number = _number_key(person)
    if not number or not all(person_gave(person, key) for key in IDENTITY):
        return None
    dob, verdict = verdicts.dob_verdict(person["dob"]), facts.secrets.get(f"{person['id']}.{number}")
    slow = ["dob.day", "dob.month", "dob.year"] if dob != "ok_now" else []
    if verdict != "ok_now" and not (number == "ssn_last_4" and dob == "ok_now"):
        slow.append(number)
    documents = [kind for kind in ("document", "additional_document") if person_gave(person, f"verification.{kind}")]
    slow += [f"verification.{kind}" for kind in documents]
    papers = [lookup(person, f"verification.{kind}.front") for kind in ("document", "additional_document")]
    seen = [person[name] for name in ("first_name", "last_name", "dob")]
    return Look(repr([*seen, person["address"]["line1"], number, verdict, *papers]), tuple(slow))


def company_look(facts: Facts) -> Look | None:
    """What is to be verified of a company; None for individuals and while name, street or tax id are missing."""
    company = facts.account.get("company") or {}
    if facts.account.get("business_type") in (None, "individual"):
        return None
    line1, verdict = lookup(company, "address.line1"), facts.secrets.get("company.tax_id")
    if not (company.get("name") and line1 and verdict):
        return None
    paper = lookup(company, "verification.document.front")
    slow = ("company.verification.document",) if paper else () if verdict == "ok_now" else ("company.tax_id",)
    return Look(repr([company["name"], line1, verdict, paper]), slow)


def _number_key(person: Data) -> str:
    """Which number identifies the person: the whole one outranks its last four digits."""
    if person.get("id_number_provided"):
        return "id_number"
    return "ssn_last_4" if person.get("ssn_last_4_provided") else ""


def findings(facts: Facts) -> list[Finding]:
    """All that is wrong or still being looked at, with account-level keys."""
    found = [*_profile_findings(facts), *_company_findings(facts)]
    if facts.terms_void:
        found += [Finding(f"tos_acceptance.{part}", "invalid_tos_acceptance") for part in ("date", "ip")]
    for person in facts.persons:
        prefix = facts.prefix(person)
        for finding in person_findings(facts, person):
            alternative = finding.alternative and f"{prefix}.{finding.alternative}"
            key = finding.key if finding.key.startswith("company.") else f"{prefix}.{finding.key}"
            found.append(Finding(key, finding.code, alternative))
    return found


NAME_CODES = {
    "mismatch_business_name": "verification_failed_name_match",
    "disallowed_name": "invalid_company_name_denylisted",
    "match_name_only": "verification_failed_keyed_match",
}
TRADE_NAME_CODES = {
    "disallowed_dba": "invalid_business_profile_name_denylisted",
    "invalid_dba": "invalid_business_profile_name",
}
TAX_CODES = {"mismatch": "verification_failed_tax_id_match", "not_issued": "verification_failed_tax_id_not_issued"}
SHORTEST_DESCRIPTION = 10


def _profile_findings(facts: Facts) -> Iterator[Finding]:
    profile = facts.account.get("business_profile") or {}
    code = TRADE_NAME_CODES.get(profile.get("name") or "")
    if code:
        yield Finding("business_profile.name", code)
    code = verdicts.URL_CODES.get(urlsplit(profile.get("url") or "").hostname or "")
    if code:
        yield Finding("business_profile.url", code)
    description = profile.get("product_description")
    if description == "require_url":
        yield Finding("business_profile.url", "invalid_url_web_presence_detected")
    elif description and len(description) < SHORTEST_DESCRIPTION:
        yield Finding("business_profile.product_description", "invalid_product_description_length")


def _company_findings(facts: Facts) -> Iterator[Finding]:
    if facts.account.get("business_type") in (None, "individual"):
        return
    company = facts.account.get("company") or {}
    code = verdicts.street_code(lookup(company, "address.line1"))
    if code:
        yield Finding("company.address.line1", code)
    look = company_look(facts)
    if look and facts.now < facts.looking_until.get("company", facts.now):
        yield from (Finding(key) for key in look.slow)
    elif look:
        yield from _company_outcome(facts, company)


def _company_outcome(facts: Facts, company: Data) -> Iterator[Finding]:
    paper = verdicts.document_verdict(lookup(company, "verification.document"))
    if paper == "mismatch":
        yield Finding("company.verification.document", "verification_failed_other")
    address = verdicts.address_verdict(company["address"])
    if address != "ok":
        yield Finding("company.address.line1", "verification_failed_address_match")
    if paper == "ok":  # documents outrank numbers and names
        return
    if company["name"] in NAME_CODES:
        yield Finding("company.name", NAME_CODES[company["name"]])
    code = TAX_CODES.get(facts.secrets.get("company.tax_id", ""))
    if code:
        document = "company.verification.document" if code == TAX_CODES["mismatch"] else ""
        yield Finding("company.tax_id", code, document)


def is_looked_at(facts: Facts, person: Data) -> bool:
    """Whether the person's verification is under way."""
    return facts.now < facts.looking_until.get(person["id"], facts.now)


def person_findings(facts: Facts, person: Data) -> Iterator[Finding]:
    """What is wrong or being looked at with one person, with bare keys (`dob.day`)."""
    yield from _plain_findings(facts, person)
    look = person_look(facts, person)
    if look is None:
        return
    if is_looked_at(facts, person):
        yield from (Finding(key) for key in look.slow)
        return
    yield from _identity_outcome(facts, person)
    yield from _address_outcome(person)


DIRECTOR_CODES = {
    "mismatch_director": "verification_directors_mismatch",
    "missing_director": "verification_missing_directors",
    "extraneous_director": "verification_extraneous_directors",
}


def _plain_findings(facts: Facts, person: Data) -> Iterator[Finding]:
    """What needs no look: age, street, country, and the directors' test names."""
    today = datetime.fromtimestamp(facts.now, UTC).date()
    code = verdicts.age_code(person.get("dob") or {}, today)
    if code:
        yield from (Finding(f"dob.{part}", code) for part in ("day", "month", "year"))
    code = verdicts.street_code(lookup(person, "address.line1"))
    country = lookup(person, "address.country")
    if not code and country and country != facts.account.get("country") and has_role(person, "representative"):
        code = "invalid_representative_country"
    if code:
        yield Finding("address.line1", code)
    code = DIRECTOR_CODES.get(person.get("first_name") or "", "")
    if code and has_role(person, "director"):
        yield Finding("company.directors_provided", code)


def _identity_outcome(facts: Facts, person: Data) -> Iterator[Finding]:
    number = _number_key(person)
    dob = verdicts.dob_verdict(person["dob"])
    wrong_number = facts.secrets.get(f"{person['id']}.{number}") == "mismatch"
    wrong_birth = dob == "mismatch" or person["id"] in facts.failed
    paper = verdicts.document_verdict(lookup(person, "verification.document"))
    if not (wrong_number or wrong_birth) or paper == "ok":  # documents outrank numbers
        return
    if paper == "mismatch":
        yield Finding("verification.document", "verification_document_not_readable")
    elif wrong_birth:
        yield Finding("verification.document", "verification_failed_keyed_identity")
    elif number == "ssn_last_4":
        yield Finding("id_number", "verification_failed_id_number_match")
    else:
        yield Finding("verification.document", "verification_failed_id_number_match")


def _address_outcome(person: Data) -> Iterator[Finding]:
    paper = verdicts.document_verdict(lookup(person, "verification.additional_document"))
    address = verdicts.address_verdict(person["address"])
    if address == "ok" or paper == "ok":
        return
    if paper == "mismatch":
        yield Finding("verification.additional_document", "verification_document_address_mismatch")
    elif address == "partial":
        yield Finding("verification.additional_document", "verification_failed_address_match")
    else:
        yield Finding("verification.additional_document", "verification_failed_residential_address")


def is_listed(facts: Facts) -> bool:
    """Whether anybody looks like somebody on a sanctions list (birth date 1900-01-01)."""
    return any(verdicts.dob_verdict(person.get("dob") or {}) == "listed" for person in facts.persons)


def is_idle(account: Data) -> bool:
    """Whether the test address of an inactive business was given."""
    return urlsplit(lookup(account, "business_profile.url") or "").hostname == "inactivity.stripe.com"


DOCUMENT_DETAILS = {
    "verification_document_not_readable": ("document_not_readable", "The document could not be read."),
    "verification_document_address_mismatch": (
        "document_address_mismatch",
        "The address did not match.",
    ),
}


def person_verification(facts: Facts, person: Data) -> Data:
    """The person's `verification` hash, with the files that were given left as they are."""
    found = [finding for finding in person_findings(facts, person) if finding.key.startswith(("verification.", "id_"))]
    failed = next((finding for finding in found if not finding.pending), None)
    known = person_look(facts, person) is not None
    status = "pending" if known and is_looked_at(facts, person) else "unverified"
    if known and status != "pending" and not failed:
        status = "verified"
    return {
        "additional_document": _document(person, "additional_document", found),
        "details": failed.error()["reason"] if failed else None,
        "details_code": "failed_keyed_identity" if failed else None,
        "document": _document(person, "document", found),
        "status": status,
    }


def _document(person: Data, kind: str, found: list[Finding]) -> Data:
    given = lookup(person, f"verification.{kind}") or {}
    code = next((finding.code for finding in found if finding.key == f"verification.{kind}"), "")
    details_code, details = DOCUMENT_DETAILS.get(code, (None, None))
    files = {"back": given.get("back"), "front": given.get("front")}
    return {**files, "details": details, "details_code": details_code}
