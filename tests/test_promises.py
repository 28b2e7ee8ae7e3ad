"""docs/promises.md tells the truth about what there is: every promise has its place, every test it names exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORDS = (ROOT / "docs" / "promises.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", WORDS)))
PROMISES = re.split(r"^(?=\*\*P\d+ )", WORDS, flags=re.MULTILINE)[1:]


def functions(path: str) -> set[str]:
    """The names of a file's functions."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_the_page_names_exists(path: str, name: str) -> None:
    assert (ROOT / path).is_file()
    assert name in functions(path)


def test_every_promise_stands_there_in_order() -> None:
    assert [int(re.findall(r"\d+", promise)[0]) for promise in PROMISES] == list(range(1, 44))


def test_a_promise_names_its_test_or_says_not_yet() -> None:
    silent = [promise[:60] for promise in PROMISES if "`tests/" not in promise and "Not yet" not in promise]
    assert silent == []


def test_every_mention_of_a_test_is_written_so_that_it_is_checked() -> None:
    assert len(re.findall(r"tests/[\w/]+\.py::", WORDS)) == len(re.findall(r"`tests/[\w/]+\.py::\w+`", WORDS))
