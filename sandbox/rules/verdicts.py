"""What Stripe's test values prove (docs.stripe.com/connect/testing). Of a secret number only its verdict is kept."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Verdict = str  # "ok", "ok_now" (proven in the answer itself), or what is wrong: "mismatch", "not_issued"

REASONS = {
    "information_missing": "Required information is missing.",
    "invalid_address_highway_contract_box": "Highway contract boxes are not accepted. Provide a street address.",
    "invalid_address_private_mailbox": "Private mailboxes are not accepted. Provide a street address.",
    "invalid_business_profile_name": "The business name is invalid.",
    "invalid_business_profile_name_denylisted": "Generic or well-known business names are not supported.",
    "invalid_company_name_denylisted": "Generic or well-known company names are not supported.",
    "invalid_dob_age_over_maximum": "The date of birth makes this person more than 120 years old.",
    "invalid_dob_age_under_18": "Underage. Age must be at least 18.",
    "invalid_product_description_length": "Your product description must be at least 10 characters.",
    "invalid_representative_country": "The representative must have an address in the same country as the company.",
    "invalid_street_address": "P.O. Boxes are not accepted. Provide a street address.",
    "invalid_tos_acceptance": "The terms of service must be accepted again, because the tax ID has changed.",
    "verification_directors_mismatch": "The directors on file do not match the public registry.",
    "verification_document_address_mismatch": "The address on the document did not match the address on the account.",
    "verification_document_not_readable": "The document could not be read. Upload a clear colour image.",
    "verification_extraneous_directors": "Directors were added that the public registry does not list.",
    "verification_failed_address_match": "The address could not be verified. Correct it or upload a document.",
    "verification_failed_id_number_match": "The ID number does not match this person. Correct it or upload a document.",
    "verification_failed_keyed_identity": "The person's keyed-in identity information could not be verified. Correct "
    "any errors or upload a document that matches the identity fields (e.g., name and date of birth) entered.",
    "verification_failed_keyed_match": "The company could not be verified. Correct its details or upload a document.",
    "verification_failed_name_match": "The business name does not match the tax ID. Correct either of them.",
    "verification_failed_other": "The document could not be verified for an unknown reason. Upload another one.",
    "verification_failed_residential_address": "The residential address could not be verified. "
    "Correct any errors or upload a document that shows it.",
    "verification_failed_tax_id_match": "The tax ID does not match the business. Correct either, or upload a document.",
    "verification_failed_tax_id_not_issued": "The tax ID was not issued. Correct it.",
    "verification_missing_directors": "Directors are missing that the public registry lists.",
}


@dataclass(frozen=True)
class Finding:
    """Something Stripe found about one key: it must be given again (failed), or it is being looked at (pending)."""

    key: str
    code: str = ""  # empty while pending
    alternative: str = ""  # a key that may be given instead

    @property
    def pending(self) -> bool:
        """Whether the answer is still open."""
        return not self.code

    def error(self) -> dict[str, str]:
        """As `requirements.errors[]` has it."""
        reason = REASONS.get(self.code, "The information provided could not be verified.")
        return {"code": self.code, "reason": reason, "requirement": self.key}


ID_NUMBERS = {"000000000": "ok", "111111111": "mismatch", "222222222": "ok_now"}
SSN_LAST_4 = {"0000": "ok", "1111": "mismatch"}
TAX_IDS = {"000000000": "ok", "111111111": "mismatch", "111111112": "not_issued", "222222222": "ok_now"}


def digits(value: str) -> str:
    """The number without the hyphens and blanks people type in it."""
    return "".join(c for c in value if c not in "- ")


def secret_verdict(field: str, value: str) -> Verdict:
    """The verdict of an `id_number`, `ssn_last_4` or `tax_id`; a number that is no test value proves true, later."""
    table = {"id_number": ID_NUMBERS, "ssn_last_4": SSN_LAST_4, "tax_id": TAX_IDS}.get(field, {})
    return table.get(digits(value), "ok")


DATES_OF_BIRTH: dict[tuple[Any, ...], Verdict] = {
    (1900, 1, 1): "listed",
    (1901, 1, 1): "ok",
    (1902, 1, 1): "ok_now",
}


def dob_verdict(dob: dict[str, Any]) -> Verdict:
    """1902-01-01 proves true at once, 1901-01-01 later, any other date is documented to fail."""
    given = (dob.get("year"), dob.get("month"), dob.get("day"))
    return DATES_OF_BIRTH.get(given, "mismatch")


ADDRESS_LINES = {"address_no_match": "mismatch", "address_line1_no_match": "partial"}


def address_verdict(address: dict[str, Any]) -> Verdict:
    """`address_full_match`, like any street that is no test value, proves true."""
    return ADDRESS_LINES.get(address.get("line1") or "", "ok")


FILES = {"file_identity_document_success": "ok", "file_identity_document_failure": "mismatch"}


def document_verdict(document: dict[str, Any] | None) -> Verdict | None:
    """None where no document was given."""
    front = (document or {}).get("front")
    return FILES.get(front, "ok") if front else None


URL_CODES = {
    "disallowed.stripe.com": "invalid_url_denylisted",
    "geoblocked.stripe.com": "invalid_url_website_inaccessible_geoblocked",
    "problem.stripe.com": "invalid_url_website_other",
    "missing.stripe.com": "invalid_url_website_incomplete",
    "mismatch.stripe.com": "invalid_url_website_business_information_mismatch",
    "passwordprotected.stripe.com": "invalid_url_website_inaccessible_password_protected",
    "underconstruction.stripe.com": "invalid_url_website_incomplete_under_construction",
    "inaccessible.stripe.com": "invalid_url_website_inaccessible",
}


def street_code(line1: str | None) -> str:
    """The error code of a street that Stripe never takes: PO box, highway contract box, private mailbox."""
    words = (line1 or "").lower().replace(".", "").split()
    joined = " ".join(words)
    if joined.startswith(("po box", "p o box", "post office box")):
        return "invalid_street_address"
    if words[:1] == ["hc"] or "highway contract" in joined:
        return "invalid_address_highway_contract_box"
    return "invalid_address_private_mailbox" if "pmb" in words else ""


def age_code(dob: dict[str, Any], today: date) -> str:
    """The error code of an age that Stripe never takes. Stripe's test births of 1900 to 1902 must pass."""
    if not all(dob.get(part) for part in ("day", "month", "year")):
        return ""
    try:
        eighteenth = date(dob["year"] + 18, dob["month"], dob["day"])
    except ValueError:  # 29 February: comes of age on 1 March
        eighteenth = date(dob["year"] + 18, 2, 28) + timedelta(days=1)
    if eighteenth > today:
        return "invalid_dob_age_under_18"
    return "invalid_dob_age_over_maximum" if dob["year"] < 1900 else ""
