"""The policy file: every verb stands in it, and it says what it is meant to say."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from console.approvals import policy
from console.operations import verbs
from console.operations.verbs import MODES, Verb

NAMES = [verb.name for verb in verbs.every()]
OWN = """
[lowers_risk]
always = ["issuing.deactivate_card"]
[verbs."issuing.create_topup"]
moves_money = true
live.always = true
sandbox.above.usd = 100
"""


def verb(name: str) -> Verb:
    return verbs.get(name)


def test_the_policy_names_every_verb_and_nothing_else() -> None:
    assert list(policy.current().problems(NAMES)) == []
    assert [each.id for each in run_checks() if each.id in ("console.E008", "console.E009")] == []


def test_a_verb_that_the_policy_does_not_name_is_an_error() -> None:
    assert list(policy.current().problems([*NAMES, "issuing.create_payout"])) == [
        "The policy does not name the verb issuing.create_payout."
    ]


def test_what_the_policy_names_has_to_be_a_verb() -> None:
    problems = list(policy.current().problems(set(NAMES) - {"issuing.cancel_card"}))
    assert problems == ["The policy names issuing.cancel_card, which is no verb."]


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("name", ["issuing.deactivate_card", "issuing.deactivate_cardholder"])
def test_freezing_never_waits(name: str, mode: str) -> None:
    assert policy.lowers_risk(verb(name))
    assert policy.needs_second(verb(name), mode=mode, rows=100_000) == ""


@pytest.mark.parametrize("reason", ["lost", "stolen"])
def test_one_card_canceled_as_lost_or_stolen_never_waits(reason: str) -> None:
    assert policy.lowers_risk(verb("issuing.cancel_card"), {"cancellation_reason": reason})


def test_a_card_canceled_for_no_reason_may_wait() -> None:
    assert not policy.lowers_risk(verb("issuing.cancel_card"))
    assert not policy.lowers_risk(verb("issuing.cancel_card"), {"cancellation_reason": ""})


def test_many_canceled_cards_need_a_second_person() -> None:
    cancel = verb("issuing.cancel_card")
    assert policy.needs_second(cancel, mode="sandbox", rows=25) == ""
    assert policy.needs_second(cancel, mode="sandbox", rows=26).startswith("More than 25 at once need a second person")


def test_money_moves_by_a_topup_alone() -> None:
    assert [each.name for each in verbs.every() if policy.moves_money(each)] == ["issuing.create_topup"]


@pytest.mark.parametrize(
    ("amount", "currency", "needs"),
    [(1_000_000, "usd", False), (1_000_001, "usd", True), (1_000_001, "USD", True), (1, "jpy", True)],
)
def test_an_amount_above_the_limit_of_its_currency_needs_a_second_person(
    amount: int, currency: str, needs: bool
) -> None:
    sentence = policy.needs_second(verb("issuing.create_topup"), mode="sandbox", amount=amount, currency=currency)
    assert bool(sentence) is needs


def test_live_is_stricter_than_the_sandbox() -> None:
    topup = {"amount": 600_000, "currency": "usd"}
    assert policy.needs_second(verb("issuing.create_topup"), mode="sandbox", **topup) == ""
    assert (
        policy.needs_second(verb("issuing.create_topup"), mode="live", **topup)
        == "More than 5,000.00 USD needs a second person."
    )


def test_a_loosened_limit_is_weighed_by_what_it_is_raised_to() -> None:
    update = verb("issuing.update_card")
    assert policy.needs_second(update, mode="sandbox", amount=9_000_000, currency="usd") == ""  # it is tightened
    said = policy.needs_second(update, mode="sandbox", amount=9_000_000, currency="usd", loosens=True)
    assert said == "A limit raised to more than 10,000.00 USD needs a second person."
    assert policy.needs_second(update, mode="sandbox", loosens=True) == ""
    assert policy.needs_second(update, mode="live", loosens=True) != ""


def test_a_platform_may_name_a_policy_of_its_own(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    settings.APPROVAL_POLICY = str(path)
    assert policy.needs_second(verb("issuing.create_topup"), mode="live") == "It always needs a second person."
    assert policy.needs_second(verb("issuing.create_topup"), mode="sandbox", amount=101, currency="usd")
    assert {each.id for each in run_checks()} >= {"console.E009"}  # it names few verbs


@pytest.mark.parametrize(
    "text",
    [
        "verbs = 3",
        "[verbs.x]\nlife.rows = 3",
        "[verbs.x]\nlive.rows = -1",
        "[verbs.x]\nlive.above.usd = 1.5",
        "[verbs.x]\nlive.over.usd = 1",
        "[werbs.x]\nlive.rows = 1",
        "[lowers_risk]\nnever = []",
        "=",
    ],
)
def test_a_policy_that_cannot_be_read_is_an_error(settings: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text)
    settings.APPROVAL_POLICY = str(path)
    with pytest.raises(ValueError):
        policy.current()
    assert "console.E008" in [each.id for each in run_checks()]


def test_another_text_is_another_version(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(OWN)
    first = policy.read(path).version
    path.write_text(f"{OWN}\n# a remark")
    assert policy.read(path).version != first
