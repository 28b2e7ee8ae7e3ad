"""The requirement tables: every key in them can be given, by form and by API."""

import json

import pytest

from sandbox.hosted.fields import BUSINESS, PERSON
from sandbox.rules.tables import DATA, REQUESTABLE, countries, table

ELSEWHERE = ("external_account", "tos_acceptance.", "settings.card_issuing.tos_acceptance.", "representative.")


@pytest.mark.parametrize("path", sorted(DATA.glob("*.json")), ids=lambda path: path.stem)
def test_table_asks_nothing_that_the_form_cannot_take(path: object) -> None:
    raw = json.loads(path.read_text("utf-8"))  # type: ignore[attr-defined]
    asked = [*raw["account"], *raw["eventually"], *raw["future"]]
    choices = [choice for key in asked for choice in key.split("|") if not choice.startswith(ELSEWHERE)]
    persons = [choice for keys in raw["persons"].values() for key in keys for choice in key.split("|")]
    persons += [choice.removeprefix("individual.") for choice in choices if choice.startswith("individual.")]
    assert {choice for choice in choices if not choice.startswith("individual.")} <= set(BUSINESS)
    assert set(persons) <= set(PERSON)
    assert raw["source"]


@pytest.mark.parametrize("capability", REQUESTABLE)
@pytest.mark.parametrize("business_type", [None, "company", "individual", "non_profit", "government_entity"])
def test_every_kind_of_business_has_a_table(capability: str, business_type: str | None) -> None:
    for country in countries():
        assert table(country, business_type, capability) is not None
