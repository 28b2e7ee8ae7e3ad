"""What many rows carry together is weighed: the largest of them, and their sum, each currency by itself."""

import pytest

from console.approvals import load
from console.approvals.load import Load
from console.operations import verbs
from console.operations.verbs import Weight
from tests.issuing import rows
from tests.issuing.acting import run as command
from tests.people import known_accounts, person

TOPUP, UPDATE = "issuing.create_topup", "issuing.update_card"
ALONE = "More than 10,000.00 USD needs a second person."
TOGETHER = "More than 10,000.00 USD together needs a second person: these rows are 12,000.00 USD."


def carried(*amounts: int, currency: str = "usd", loosens: bool = False) -> Load:
    found = Load()
    for amount in amounts:
        found.add([Weight(amount, currency, loosens=loosens)])
    return found


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        ((), ""),
        ((1_000_000,), ""),
        ((500_000, 500_000), ""),
        ((600_000, 600_000), TOGETHER),
        ((1_000_001,), ALONE),
        ((1, 1_000_001), ALONE),
    ],
)
def test_the_largest_row_and_the_sum_are_held_against_the_limit_of_one(amounts: tuple[int, ...], why: str) -> None:
    assert load.why_second(verbs.get(TOPUP), carried(*amounts), len(amounts)) == why


def test_limits_are_summed_apart_from_amounts_and_by_currency() -> None:
    update = verbs.get(UPDATE)
    each = carried(600_000, loosens=True)
    each.add([Weight(600_000, "eur", loosens=True), Weight(None, "eur", loosens=True), Weight(), Weight(7, "usd")])
    assert load.why_second(update, each, 2) == ""
    each.add([Weight(500_000, "EUR", loosens=True)])
    assert load.why_second(update, each, 3) == (
        "Limits raised to more than 10,000.00 EUR together need a second person: these rows are 11,000.00 EUR."
    )
    assert each.facts() == [
        ("Amounts", "0.07 USD"),
        ("Limits raised to", "11,000.00 EUR together in 2 rows, the largest 6,000.00 EUR"),
        ("Limits raised to", "6,000.00 USD"),
        ("Limits lifted, or lists opened", "1 row"),
    ]
    assert load.read(each.data) == each
    assert load.read({}).facts() == []


def test_opening_needs_a_second_person_where_the_policy_says_so(settings: object) -> None:
    opened = Load()
    opened.add([Weight(None, "usd", loosens=True)], 3)
    assert load.why_second(verbs.get(UPDATE), opened, 3) == ""
    settings.CONSOLE_MODE = "test"  # type: ignore[attr-defined]
    assert load.why_second(verbs.get(UPDATE), opened, 3).startswith("Lifting a limit, or opening a list")


@pytest.mark.django_db
def test_a_command_over_several_is_weighed_by_what_they_are_together() -> None:
    known_accounts()
    person("otto")
    cards = [rows.card().pk for _ in range(2)]
    status, _, err = command("update_card", *cards, "--limit", "6000 daily")
    assert (status, err.count("Nothing was sent: it waits for a second person. Limits raised to more than")) == (3, 2)
    assert "these rows are 12,000.00 USD" in err
