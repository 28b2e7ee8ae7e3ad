"""Stripe's requirement keys in words (docs.stripe.com/connect/required-verification-information). Tables only."""

from console.shell.moves import HOLDER, STAFF

# What a key asks for, without the person or company before it. The longest matching beginning counts.
TOPICS = {
    "address": "address",
    "annual_revenue": "annual revenue",
    "business_type": "kind of business",
    "customer_service_contact": "customer service contact",
    "directors_provided": "statement that all directors are listed",
    "directorship_declaration": "declaration of the directors",
    "dob": "date of birth",
    "email": "e-mail address",
    "estimated_worker_count": "number of workers",
    "executives_provided": "statement that all executives are listed",
    "export_license_id": "export licence",
    "external_account": "bank account for payouts",
    "first_name": "first name",
    "full_name_aliases": "other names",
    "gender": "gender",
    "id_number": "full Social Security or ID number",
    "last_name": "last name",
    "maiden_name": "maiden name",
    "mcc": "line of business (MCC)",
    "minority_owned_business_designation": "minority-owned business designation",
    "monthly_estimated_revenue": "estimated monthly revenue",
    "name": "name",
    "nationality": "nationality",
    "owners_provided": "statement that all owners are listed",
    "ownership_declaration": "declaration of the owners",
    "ownership_exemption_reason": "reason why no owners are listed",
    "percent_ownership": "share of ownership",
    "phone": "phone number",
    "political_exposure": "political exposure",
    "product_description": "description of what it sells",
    "registered_address": "registered address",
    "registration_date": "date of registration",
    "registration_number": "registration number",
    "representative_declaration": "declaration of the representative",
    "ssn_last_4": "last four digits of the Social Security number",
    "statement_descriptor": "statement descriptor",
    "structure": "legal structure",
    "support_address": "support address",
    "support_email": "support e-mail address",
    "support_phone": "support phone number",
    "support_url": "support page",
    "tax_id": "tax ID",
    "title": "job title",
    "url": "website",
    "vat_id": "VAT number",
    "verification.additional_document": "second document, showing the address",
    "verification.document": "identity document",
    "verification.proof_of_liveness": "proof of liveness",
}
COMPANY_DOCUMENT = "document that proves the company"

# Whole keys, or the beginning of keys, that make a sentence of their own.
SENTENCES = {
    "external_account": "Bank account for payouts",
    "relationship.authorizer": "Name the person who authorized the representative",
    "relationship.director": "Name the directors",
    "relationship.executive": "Name an executive",
    "relationship.legal_guardian": "Name the legal guardian",
    "relationship.owner": "Name everybody who owns 25 % or more, or state that there is nobody",
    "relationship.representative": "Name the representative",
    "settings.card_issuing.tos_acceptance": "Acceptance of the Issuing terms",
    "tos_acceptance": "Acceptance of Stripe's services agreement",
}

ROLES = {
    "authorizer": "The authorizer",
    "company": "The company",
    "director": "A director",
    "executive": "An executive",
    "individual": "The individual",
    "owner": "An owner",
    "representative": "The representative",
}

# The last part of `interv_<id>.<description>.<path>`: what Stripe asks beyond the lists, and who can answer it.
PATHS = {
    "challenge": (HOLDER, "The holder answers it in Stripe's own form."),
    "form": (HOLDER, "The holder answers it in Stripe's own form."),
    "notice": (STAFF, "Stripe tells of it in the Dashboard."),
    "support": (STAFF, "Staff answer it through Stripe's support."),
    "underwriting_case": (STAFF, "Stripe's underwriters ask; staff answer in the Dashboard."),
}

# The page of Stripe's that the rule comes from (console.shell.nouns.rules), by the beginning of the key.
RULES = {
    "settings.card_issuing.tos_acceptance": "issuing_terms",
    "tos_acceptance": "tos_acceptance",
    "interv_": "verification",
    "relationship.": "persons",
    "person_": "persons",
}

# Stripe's error codes whose `reason` is missing or says too little; a code that is not here is shown as it came.
ERRORS = {
    "external_request": "Somebody outside Stripe asked for it.",
    "information_missing": "Something is missing.",
    "invalid_tos_acceptance": "The terms must be accepted again, because the tax ID has changed.",
    "verification_document_expired": "The document has expired.",
    "verification_document_failed_copy": "The document is a copy: the original is needed.",
    "verification_document_failed_greyscale": "The picture has no colours.",
    "verification_document_missing_back": "The back of the document is missing.",
    "verification_document_missing_front": "The front of the document is missing.",
    "verification_document_name_mismatch": "The name on the document is another one.",
    "verification_document_not_readable": "The picture could not be read.",
    "verification_document_too_large": "The file is too large.",
    "verification_failed_id_number_match": "The number does not belong to this person.",
    "verification_failed_keyed_identity": "Name, date of birth and number do not belong together.",
    "verification_failed_tax_id_match": "The tax ID does not match the legal name.",
    "verification_failed_tax_id_not_issued": "No such tax ID was ever issued.",
    "verification_missing_owners": "Owners are missing.",
}
