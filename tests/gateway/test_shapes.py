"""What lies at a path of Stripe's data, whatever its shape: never an exception, never another type than was asked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import clock, shapes

NAMES = st.sampled_from(("a", "b", "requirements", "id"))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("\ud800\0")
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)


@given(data=ANYTHING, path=PATHS)
def test_whatever_lies_there_has_the_type_that_was_asked(data: Any, path: str) -> None:
    text = shapes.text_at(data, path)
    assert isinstance(text, str)
    assert text.encode() is not None
    assert "\0" not in text
    assert isinstance(shapes.id_at(data, path), str | None)
    assert isinstance(shapes.integer_at(data, path), int | None)
    assert isinstance(shapes.hash_at(data, path), dict)
    assert isinstance(shapes.list_at(data, path), list)
    assert all(isinstance(each, dict) for each in shapes.hashes_at(data, path))
    assert all(isinstance(each, str) for each in shapes.texts_at(data, path))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Kestrel", "Kestrel"),
        (42, "42"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ({"email": "jonas@kestrel.example"}, ""),
        (["jonas@kestrel.example"], ""),
        ("a\ud800b\0", "a\ufffdb\ufffd"),
    ],
)
def test_a_text_is_what_came_and_nothing_of_an_object(value: Any, text: str) -> None:
    assert shapes.text_at({"company": {"name": value}}, "company.name") == text


@pytest.mark.parametrize("value", ["12", True, None, 1.0, {}, [], 2**63, -(2**64)])
def test_what_no_database_holds_is_no_integer(value: Any) -> None:
    assert shapes.integer_at({"amount": value}, "amount") is None


@pytest.mark.parametrize("seconds", [None, "1700000000", True, {}, [1], 10**30, -(10**30), float("nan"), float("inf")])
def test_what_is_no_moment_is_none(seconds: Any) -> None:
    assert clock.from_unix(seconds) is None
