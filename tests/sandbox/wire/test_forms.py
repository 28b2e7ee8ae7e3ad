"""Bracketed forms: ours and the referee's reading agree on every form."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.wire.description import Description
from sandbox.wire.parameters import coerce, fields_of_form, tree
from sandbox.world.errors import StripeError
from sandbox.world.noun import UNSET, Upload
from tests.referee.check_traffic import Checker, decode_form

DESCRIPTION, REFEREE = Description(), Checker()
STEPS = st.sampled_from(["", "", "0", "1", "a", "b"])
NAMES = st.builds(
    lambda first, rest: first + "".join(f"[{step}]" for step in rest),
    st.sampled_from("ab"),
    st.lists(STEPS, max_size=3),
)
FORMS = st.lists(
    st.tuples(NAMES | st.sampled_from(["a[", "]", "a]b", ""]), st.sampled_from(["", "1", "x"])), max_size=6
)


def unless_refused(read: Callable[[], dict]) -> dict | None:
    try:
        return read()
    except StripeError:
        return None


@given(FORMS)
def test_every_form_is_read_as_the_referee_reads_it(fields: list[tuple[str, str]]) -> None:
    expected, problems = decode_form(urlencode(fields))
    read = unless_refused(lambda: tree(fields_of_form(urlencode(fields))))
    assert (read is None) == bool(problems)
    assert read is None or read == expected


CARD = [
    "currency",
    "type",
    "status",
    "cardholder",
    "spending_controls[spending_limits]",
    "metadata",
    "metadata[k]",
    "colour",
]
CARD += [
    f"spending_controls[spending_limits][{step}][{name}]" for step in ("", "0", "1") for name in ("amount", "interval")
]
VALUES = ["", "usd", "virtual", "active", "plastic", "5", "-1", "five", "daily", "ich_1"]


@given(st.lists(st.tuples(st.sampled_from(CARD), st.sampled_from(VALUES)), max_size=8))
def test_what_is_taken_is_what_the_referee_lets_pass(fields: list[tuple[str, str]]) -> None:
    found = DESCRIPTION.find("POST", "/v1/issuing/cards")
    assert found
    form = urlencode([("currency", "usd"), ("type", "virtual"), *fields])
    problems = REFEREE.request(REFEREE.spec["paths"]["/v1/issuing/cards"]["post"], form)
    taken = unless_refused(lambda: coerce(DESCRIPTION, tree(fields_of_form(form)), found[0].parameters))
    assert (taken is None) == bool(problems)


def params(method: str, path: str, form: str) -> dict:
    found = DESCRIPTION.find(method, path)
    assert found
    given: dict = coerce(DESCRIPTION, tree(fields_of_form(form)), found[0].parameters)
    return given


def test_values_become_what_the_description_says() -> None:
    limits = "spending_controls[spending_limits][][amount]=5&spending_controls[spending_limits][][interval]=daily"
    card = params("POST", "/v1/issuing/cards", f"currency=usd&type=virtual&{limits}&metadata[k]=&second_line=")
    assert card["spending_controls"] == {"spending_limits": [{"amount": 5, "interval": "daily"}]}
    assert (card["metadata"], card["second_line"]) == ({"k": UNSET}, UNSET)
    assert not UNSET
    events = params("GET", "/v1/events", "created[gte]=5&delivery_success=true&types[]=a&types[]=b&limit=3")
    assert events == {"created": {"gte": 5}, "delivery_success": True, "types": ["a", "b"], "limit": 3}
    assert params("GET", "/v1/events", "created=7") == {"created": 7}


def test_a_file_is_an_upload_and_nothing_else_is() -> None:
    found = DESCRIPTION.find("POST", "/v1/files")
    assert found
    upload = Upload("a.png", "image/png", b"\x89PNG")
    given = coerce(DESCRIPTION, {"file": upload, "purpose": "identity_document"}, found[0].parameters)
    assert given["file"] is upload
    with pytest.raises(StripeError, match="must be an uploaded file"):
        coerce(DESCRIPTION, {"file": "text", "purpose": "identity_document"}, found[0].parameters)


def test_paths_find_their_operation_and_its_ids() -> None:
    found = DESCRIPTION.find("GET", "/v1/accounts/acct_1/capabilities/card_issuing")
    assert found
    assert found[1] == {"accountId": "acct_1", "id": "card_issuing"}
    for method, path in (("GET", "/v1/accounts/"), ("PUT", "/v1/accounts"), ("GET", "/v1/accounts/a/b/c/d")):
        assert DESCRIPTION.find(method, path) is None
