"""The commonest decline, "Issuing is off": its cause at that moment, and whose move it really was."""

from typing import Any

import pytest

from accounts.account.models import Account
from accounts.history.models import Requirement, StateChange
from gateway import clock
from issuing.authorizations.models import Authorization
from issuing.declines.models import facts_of, with_account
from issuing.declines.words import explain, ladder
from tests.accounts import builders
from tests.accounts.builders import requirements
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import browser, view_as

pytestmark = pytest.mark.django_db
AT = 1_790_050_000
ACCOUNT = "acct_1Kestrel"


def account(status: str = "active", reason: str | None = None, **lists: Any) -> Account:
    """An account as it is now."""
    row = builders.account(capabilities={"card_issuing": status}, requirements=requirements(**lists))
    builders.capability(row, status=status, requirements=requirements(disabled_reason=reason, **lists))
    return row


def changed(second: int, field: str, before: Any, after: Any, subject: str = "card_issuing") -> None:
    said = {"subject": subject, "noun": "capability", "field": field, "before": before, "after": after}
    at = clock.from_unix(second)
    StateChange.objects.create(account_id=ACCOUNT, at=at, source="event", source_id=f"evt_{second}", **said)


def asked(second: int, key: str, became: str) -> None:
    for scope in ("account", "card_issuing"):
        Requirement.objects.create(account_id=ACCOUNT, at=clock.from_unix(second), source="event", scope=scope,
                                   source_id=f"evt_{second}", key=key, list="past_due", became=became)  # fmt: skip


def paused_then() -> None:
    """Paused by the platform from before the moment to after it; now it works."""
    changed(AT - 500, "status", "active", "inactive")
    changed(AT - 500, "requirements.disabled_reason", None, "platform_paused")
    changed(AT + 500, "status", "inactive", "active")
    changed(AT + 500, "requirements.disabled_reason", "platform_paused", None)


def declined() -> Any:
    return whole(
        rows.authorization(rows.card(rows.cardholder(ACCOUNT), ACCOUNT), ACCOUNT, reason="account_disabled", at=AT)
    )


def whole(row: Any) -> Any:
    return with_account(Authorization.objects.all()).get(pk=row.pk)


def test_the_cause_is_the_one_of_that_moment_and_not_of_now() -> None:
    account()
    paused_then()
    found = facts_of(declined())
    assert found.off is not None
    assert (found.off.reason, found.off.move, found.off.since) == (
        "platform_paused", "staff", clock.from_unix(AT - 500))  # fmt: skip
    said = explain(found)
    assert "paused by the platform" in said.sentence
    assert said.following == "Issuing is on again: nothing is left to do."
    assert ladder(found)[0].text == "Issuing was off: paused by the platform"


def test_it_was_stripes_move_where_stripe_reviewed() -> None:
    account("inactive", "pending.review")
    said = explain(facts_of(declined()))
    assert said.reason.move == "stripe"
    assert said.following.startswith("Wait for Stripe")


def test_it_was_the_holders_move_where_details_were_past_due() -> None:
    account()
    changed(AT - 500, "status", "active", "inactive")
    changed(AT - 500, "requirements.disabled_reason", None, "requirements.fields_needed")
    asked(AT - 500, "company.tax_id", "due")
    asked(AT + 500, "company.tax_id", "met")
    changed(AT + 500, "status", "inactive", "active")
    changed(AT + 500, "requirements.disabled_reason", "requirements.fields_needed", None)
    said = explain(facts_of(declined()))
    assert said.reason.move == "holder"
    assert "The company: tax ID" in said.sentence


def test_what_became_due_later_was_not_the_cause() -> None:
    account("inactive", "requirements.fields_needed", past_due=["company.phone"])
    changed(AT - 500, "requirements.disabled_reason", None, "platform_paused")
    changed(AT + 500, "requirements.disabled_reason", "platform_paused", "requirements.fields_needed")
    asked(AT + 500, "company.phone", "due")
    assert "paused by the platform" in explain(facts_of(declined())).sentence


def test_what_is_not_known_is_said_and_is_nobodys_move() -> None:
    account()
    said = explain(facts_of(declined()))
    assert said.reason.move == ""
    assert "does not say why" in said.sentence


def test_an_account_that_has_not_arrived_is_no_error() -> None:
    found = facts_of(whole(rows.authorization(reason="account_disabled", at=AT)))
    assert found.off is None
    assert "does not say why" in explain(found).sentence


def test_the_page_names_it_and_offers_what_helps_now() -> None:
    account("inactive", "pending.onboarding")
    row = declined()
    otto = browser("otto")
    view_as(otto, ACCOUNT)
    answer = otto.get(row.get_absolute_url())
    assert answer.context["remedy"].label == "Ask the holder"
    page = answer.content.decode()
    assert "onboarding is not finished" in page
    assert "Cardholder’s move" not in page
    assert cost(otto, row.get_absolute_url()) <= MOST


def test_what_stripe_wrote_is_masked_for_those_who_may_not_see_it() -> None:
    fault = {"code": "x", "reason": "marta@kestrel.example is unknown", "requirement": "company.name"}
    account("inactive", "rejected.other", errors=[fault])
    row = declined()
    assert "marta@" not in explain(facts_of(row)).sentence
    assert "marta@kestrel.example" in explain(facts_of(row, may_see=True)).sentence
