"""Requirement keys in words, grouped, with their cause, deadline and whose move."""

from typing import Any

import pytest

from accounts.requirements import words
from accounts.requirements.models import Row, Rule, cause, rows, understand
from console.shell import nouns
from tests.accounts.builders import account_data, requirements

PERSONS = {"person_1": "Marta Ilves"}


def only(**lists: Any) -> Row:
    """The one row that follows."""
    found = rows(account_data(requirements=requirements(**lists)), persons=PERSONS)
    assert len(found) == 1, [row.title for row in found]
    return found[0]


@pytest.mark.parametrize(
    ("key", "subject", "topic"),
    [
        ("person_1.dob.day", "Marta Ilves", "date of birth"),
        ("person.person_1.dob.day", "Marta Ilves", "date of birth"),
        ("person_9.first_name", "Person person_9", "first name"),
        ("individual.ssn_last_4", "The individual", "last four digits of the Social Security number"),
        ("representative.first_name", "The representative", "first name"),
        ("person_1.verification.document", "Marta Ilves", "identity document"),
        ("person_1.relationship.title", "Marta Ilves", "job title"),
        ("company.tax_id", "The company", "tax ID"),
        ("company.verification.document", "The company", "document that proves the company"),
        ("business_profile.annual_revenue.amount", "Business profile", "annual revenue"),
        ("documents.company_license.files", "", "document: company license"),
        ("business_type", "", "kind of business"),
        ("something.quite.new", "", "something.quite.new"),
        ("company.shoe_size", "The company", "company.shoe_size"),
        ("", "", ""),
    ],
)
def test_keys_are_read_as_whose_and_what(key: str, subject: str, topic: str) -> None:
    asked = understand(key, PERSONS)
    assert (asked.subject, asked.topic) == (subject, topic)


def test_parts_of_one_thing_make_one_topic_and_one_person_one_row() -> None:
    keys = [f"person_1.dob.{part}" for part in ("day", "month", "year")] + ["person_1.address.city", "person_1.phone"]
    row = only(currently_due=keys)
    assert row.title == "Marta Ilves: date of birth, address and phone number"
    assert row.keys == keys


def test_terms_are_a_sentence_of_their_own() -> None:
    row = only(currently_due=["settings.card_issuing.tos_acceptance.date", "settings.card_issuing.tos_acceptance.ip"])
    assert (row.title, row.move, row.rule) == ("Acceptance of the Issuing terms", "holder", "issuing_terms")


@pytest.mark.parametrize(
    ("path", "move"), [("form", "holder"), ("support", "staff"), ("underwriting_case", "staff"), ("brand_new", "staff")]
)
def test_interventions_say_who_can_answer(path: str, move: str) -> None:
    row = only(currently_due=[f"interv_aBc1.url_inquiry.{path}"])
    assert row.title == "Stripe asks about: url inquiry"
    assert row.move == move
    assert row.cause


def test_what_has_an_error_keeps_its_own_row_and_says_why() -> None:
    error = {
        "code": "verification_failed_name_match",
        "reason": "The name does not match.",
        "requirement": "company.name",
    }
    found = rows(account_data(requirements=requirements(past_due=["company.name", "company.phone"], errors=[error])))
    assert [row.title for row in found] == ["The company: name", "The company: phone number"]
    assert (found[0].cause, found[0].codes, found[0].rule) == (
        "The name does not match.",
        ("verification_failed_name_match",),
        "verification",
    )


def test_causes_are_our_words_then_stripes_then_the_bare_code() -> None:
    assert cause({"code": "verification_document_not_readable", "reason": "x"}) == "The picture could not be read."
    assert cause({"code": "new_code", "reason": "Stripe's words"}) == "Stripe's words"
    assert cause({"code": "new_code"}) == "new_code"


def test_deadline_is_the_capabilitys_own_and_only_then_the_accounts() -> None:
    due = requirements(currently_due=["company.phone", "company.name"], current_deadline=100)
    later = {"id": "transfers", "requirements": requirements(currently_due=["company.phone"], current_deadline=300)}
    found = rows(account_data(requirements=due), [later])
    assert [(row.topics, row.deadline, row.capabilities) for row in found] == [
        (["name"], 100, []),
        (["phone number"], 300, ["transfers"]),
    ]


def test_past_due_has_the_deadline_that_history_remembers() -> None:
    data = account_data(requirements=requirements(past_due=["company.phone"], current_deadline=999))
    assert rows(data)[0].deadline is None
    assert rows(data, passed={"company.phone": 50})[0].deadline == 50


def test_most_urgent_state_counts_and_what_is_being_verified_waits_for_stripe() -> None:
    found = rows(
        account_data(
            requirements=requirements(
                past_due=["company.tax_id"],
                currently_due=["company.tax_id", "company.phone"],
                eventually_due=["company.tax_id", "company.phone", "company.name"],
                pending_verification=["company.tax_id"],
            )
        )
    )
    assert [(row.state, row.move) for row in found] == [
        ("currently_due", "holder"),
        ("pending_verification", "stripe"),
        ("eventually_due", "holder"),
    ]


def test_alternatives_and_future_requirements_are_told() -> None:
    pair = {
        "original_fields_due": ["business_profile.url"],
        "alternative_fields_due": ["business_profile.product_description"],
    }
    data = account_data(
        requirements={**requirements(currently_due=["business_profile.url"]), "alternatives": [pair]},
        future_requirements=requirements(currently_due=["company.structure"], current_deadline=77),
    )
    first, second = rows(data)
    assert first.instead == ["business_profile.product_description"]
    assert (second.state, second.deadline) == ("future", 77)


def test_rule_counts_what_a_person_can_do_now() -> None:
    rule = Rule(ignored=frozenset({"external_account"}))
    data = account_data(
        requirements=requirements(
            past_due=["external_account", "company.name"],
            eventually_due=["company.phone"],
            pending_verification=["company.tax_id"],
        )
    )
    found = rows(data, rule=rule)
    assert [row.title for row in found if rule.counts(row)] == ["The company: name"]
    assert found[-1].ignorable
    assert rule.open_keys(data) == ["company.name"]


def test_rule_leaves_rejected_accounts_and_those_nobody_began_alone() -> None:
    due = {"past_due": ["company.name"], "currently_due": ["company.name"]}
    assert Rule().open_keys(account_data(requirements=requirements(**due), details_submitted=False)) == []
    rejected = requirements(**due, disabled_reason="rejected.other")
    assert Rule().open_keys(account_data(requirements=rejected)) == []


def test_every_rule_has_a_page_at_stripe() -> None:
    names = {*words.RULES.values(), "required_information", "verification"}
    assert names <= set(nouns.rules())
