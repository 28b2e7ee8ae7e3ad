"""What is masked, by key and by shape; the pages that show it are crawled in tests/test_masks.py."""

from typing import Any

import pytest

from console.operations import verbs
from console.operations.models import Operation
from console.people import masking, roles
from console.people.masking import MASK, Mask
from console.people.signed_in import PERSONAL

VIEWER = Mask(may_see=False)
KEYS = [
    *("email", "support_email", "receipt_email", "phone", "support_phone", "support_address", "support_url"),
    *("address", "registered_address", "address_kana", "dob", "ip", "terms_ip", "ip_address", "user_agent"),
    *("account_holder_name", "maiden_name", "first_name", "last_name_kana", "full_name_aliases", "gender"),
    *("metadata", "shipping", "fingerprint", "last4", "routing_number", "passenger_name", "by_whom", "evidence", "url"),
    *("product_description", "statement_descriptor", "political_exposure", "line1", "postal_code", "individual.email"),
    *("phone_number", "date_of_birth", "nationality"),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", ["Marker", {"any": {"thing": "Marker"}}, ["Marker"], [{"x": "Marker"}], 7654321])
def test_a_personal_key_hides_its_value_whatever_it_is_and_wherever_it_stands(key: str, value: Any) -> None:
    for data in ({key: value}, {"any": {"hash": [{key: value}]}}):
        assert not {"Marker", "7654321"} & set(str(VIEWER.data(data)).replace("'", " ").replace("}", " ").split())
        assert Mask(may_see=True).data(data) == data


@pytest.mark.parametrize("number", [0, 1, 1.0, 2])
def test_a_masked_number_is_masked_even_where_it_equals_true_or_false(number: float) -> None:
    assert masking.masked({"dob": {"day": number, "month": number}}, may_see=False) == {
        "dob": {"day": MASK, "month": MASK}
    }


@pytest.mark.parametrize("empty", [None, "", True, False, [], {}])
def test_what_is_empty_or_a_flag_stays_visible(empty: Any) -> None:
    assert VIEWER.data({"email": empty}) == {"email": empty}


@pytest.mark.parametrize("key", ["id_number", "tax_id", "account_number", "ssn_last_4"])
def test_numbers_that_prove_identity_are_masked_for_everybody(key: str) -> None:
    assert Mask(may_see=True).data({"individual": {key: "078051120"}}) == {"individual": {key: MASK}}


def test_metadata_are_masked_whole_but_for_our_own_marks() -> None:
    data = {"metadata": {"console_operation": "0a1b", "anything": "gold", "x@y": "gold"}}
    assert VIEWER.data(data) == {"metadata": {"console_operation": "0a1b", "anything": MASK, MASK: MASK}}


@pytest.mark.parametrize(
    "text",
    [
        *("x@y", "marta.ilves+1@kestrel.example", "MARTA@KESTREL.EXAMPLE", "marta%40kestrel.example", "ü@ö.example"),
        *("+14155550123", "+1 (415) 555-0123", "+44 20 7946 0958", "(415) 555-0123", "415.555.0123", "020 7946 0958"),
        *("0171/1234567", "4155550123", "8.8.8.8", "2001:db8::8a2e:370:7334", "::ffff:8.8.8.8", "2001:0:0:0:0:0:0:1"),
    ],
)
@pytest.mark.parametrize(
    "sentence", ["{}", "Invalid email: {}", "'{}' is not valid.", "({}), and more", "a={}. b", '"{}"']
)
def test_what_looks_personal_is_masked_in_any_text(text: str, sentence: str) -> None:
    shown = VIEWER.text(sentence.format(text))
    assert text not in shown
    assert MASK in shown
    assert VIEWER.data({"note": [sentence.format(text)]}) == {"note": [shown]}
    assert Mask(may_see=True).text(sentence.format(text)) == sentence.format(text)


@pytest.mark.parametrize(
    "text",
    [
        *("Stripe refused it.", "acct_1234567890123456", "2026-11-25T10:30:00Z", "2026-11-25 10:30", "12:30:45", ""),
        *("550e8400-e29b-41d4-a716-446655440000", "18,420.00 USD", "individual.address.line1", "2026-10-28.endive"),
        *("Shell Oil 57444", "requirements.past_due", "10 Nov 2026, 12:00 UTC", "1 @ 5", "a" * 64, "0" * 64, "CS-4711"),
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert VIEWER.text(text) == text


@pytest.mark.parametrize("data", [None, 1, 1.5, True, "", [], {}, [None, {"a": [[]]}], {"email": {"a": [None, {}]}}])
def test_it_is_total(data: Any) -> None:
    VIEWER.data(data)
    Mask(may_see=True).data(data)


def operation(**params: Any) -> Operation:
    return Operation(params=params, account_name="Kestrel Freight")


@pytest.mark.parametrize(
    "quoted", ["Amara Okafor", "AMARA OKAFOR", "amara  okafor", "Amara-Okafor", "510 Townsend St.", "510townsendst"]
)  # fmt: skip
def test_a_refusal_hides_what_was_typed_however_stripe_writes_it(quoted: str) -> None:
    verb = verbs.get("issuing.create_cardholder")
    mask = masking.of_operation(operation(name="Amara Okafor", line1="510 Townsend St"), verb, may_see=False)
    shown = mask.text(f"The value '{quoted}' is invalid.")
    assert shown.startswith("The value '")
    assert quoted.rstrip(".") not in shown


def test_a_refusal_keeps_what_is_not_personal() -> None:
    verb = verbs.get("issuing.create_cardholder")
    mask = masking.of_operation(operation(type="individual", country="US", cardholder="ich_1A"), verb, may_see=False)
    words = "An individual of the US, ich_1A, at Kestrel Freight, is refused."
    assert mask.text(words) == words


def test_a_verb_that_is_no_more_hides_all_of_its_entries() -> None:
    lost = operation(anything="gold", more={"deep": ["silver"]}, nothing="")
    assert dict(masking.params(lost, None, may_see=False)) == {
        "anything": MASK,
        "more": {"deep": [MASK]},
        "nothing": "",
    }
    assert masking.of_operation(lost, None, may_see=False).text("gold and silver") == f"{MASK} and {MASK}"


def test_a_text_may_quote_what_the_data_hold() -> None:
    data = {"individual": {"address": {"line1": "1 Quay Street", "state": "CA"}, "first_name": "Marta"}}
    mask = masking.quoting(data, [{"metadata": {"tier": "gold"}}], may_see=False)
    assert mask.text("1 QUAY STREET in CA of Marta, gold") == f"{MASK} in CA of Marta, gold"
    assert masking.quoting(data, may_see=True).text("1 Quay Street") == "1 Quay Street"


@pytest.mark.parametrize("role", roles.ROLES)
def test_who_fills_in_personal_entries_or_uses_commands_may_see_them(role: str) -> None:
    """Forms show what is there now, and commands print refusals as Stripe words them."""
    rights = roles.permissions(role)
    acts = {verb.permission for verb in verbs.every() if verb.personal} | {"console.use_commands"}
    assert PERSONAL in rights or not acts & rights
