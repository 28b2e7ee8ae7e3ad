"""Odd values in every parameter of every page, in paths and in what is posted: never the server's fault."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import IGNORED_PARAMS, PAGE_VAR
from django.db.models import BooleanField, DateTimeField, IntegerField, Model
from django.test import Client
from django.urls import reverse

from console.lists import addresses, keyset
from console.operations import verbs
from console.operations.verbs import Verb
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, work
from tests.permissions import TABLE
from tests.sandbox_process import SandboxProcess
from tests.test_lookups import MIRRORS, OURS, address, asked
from tests.test_permissions import made  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.crawl, pytest.mark.prove]
ROOT = Path(__file__).resolve().parent.parent
FIRST, LAST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"  # UTC has no such years
ODD = {
    "no digit": "²",
    "negative": "-1",
    "30 digits": "9" * 30,
    "5,000 digits": "9" * 5_000,
    "51,000 letters": "x" * 51_000,  # SQLite compares no text with a longer pattern
    "2,500 words": "1.a " * 2_500,
    "signs": "[1]{0}'\"<%\\;--\ufffd\u202e\u2028\n../..%2f",
    "no host": "https://[::1",
    "first moment": FIRST,
    "last moment": LAST,
}
CURSORS = (f"{FIRST},ich_1", f"{LAST},ich_1", "2026-01-01T00:00:00,ich_1", "0001-01-01T00:00:00Z,\u2028", "²,²")
SERVER_ERROR = 500


def named_in_the_source() -> Iterator[str]:
    """Every parameter that our code reads out of an address by its name."""
    for room in ("console", "accounts", "issuing", "gateway"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                yield from _read_by(node)


def _read_by(node: ast.AST) -> Iterator[str]:
    """The names of `request.GET.get("x")`, `request.GET["x"]`, `"x" in request.GET`, and the same of a POST."""
    where, found = "", None
    if isinstance(node, ast.Call) and node.args:
        where, found = ast.unparse(node.func), node.args[0]
    elif isinstance(node, ast.Subscript):
        where, found = ast.unparse(node.value), node.slice
    elif isinstance(node, ast.Compare):
        where, found = ast.unparse(node.comparators[0]), node.left
    if where.removeprefix("self.").startswith(("request.GET", "request.POST")) and isinstance(found, ast.Constant):
        yield str(found.value)


LISTINGS = [each.listing for each in admin.site._registry.values() if hasattr(each, "listing")]
NAMES = {*named_in_the_source(), keyset.OLDER, keyset.NEWER, *(each.parameter for each in LISTINGS)}
GETS = {name: row.path for name, row in TABLE.items() if row.method == "get" and row.answer != 503}
ADMINS = re.compile(r".*_(changelist|add|change|delete|history)|.*<path:object_id>/")  # Django's pages of one row
PAGES = [path for name, path in GETS.items() if not ADMINS.fullmatch(name)]
ROWS = [path for name, path in GETS.items() if ADMINS.fullmatch(name) and not name.endswith("_changelist")]
POSTS = set(TABLE) - {"logout", "view_as_end", "login", "webhook", "connect_webhook"}


@pytest.fixture
def ana(made: dict[str, str]) -> Client:  # noqa: F811
    """An administrator who views as the account."""
    client = browser("ana")
    work(client)
    return client


@pytest.fixture(params=["no digit", "30 digits", "5,000 digits", "51,000 letters", "signs", "no host"])
def odd(request: pytest.FixtureRequest) -> str:
    return ODD[request.param]


def failed(client: Client, path: str, query: dict[str, Any] | None = None) -> bool:
    return client.get(path, query).status_code >= SERVER_ERROR


def test_the_parameters_of_our_pages_are_known() -> None:
    known = {"q", "id", "again", "next", "tab", "part", "before", "older", "newer", "status", "outcome", "for_account"}
    assert known <= NAMES


def test_no_page_fails_by_odd_parameters(odd: str, ana: Client, made: dict[str, str]) -> None:  # noqa: F811
    query = {**dict.fromkeys(NAMES, odd), "before": LAST if odd == ODD["signs"] else FIRST}
    assert {path for path in PAGES if failed(ana, path.format(**made), query)} == set()
    assert not failed(ana, f"/connect/accounts/{OTHER_ACCOUNT}/view-as", query)


@pytest.mark.parametrize("value", [ODD["5,000 digits"], ODD["signs"]])
def test_no_page_of_a_row_fails_by_odd_parameters(value: str, ana: Client, made: dict[str, str]) -> None:  # noqa: F811
    query = dict.fromkeys((*IGNORED_PARAMS, PAGE_VAR, "_changelist_filters"), value)
    assert {path for path in ROWS if failed(ana, path.format(**made), query)} == set()


def in_turn(model: type[Model]) -> list[tuple[str, ...]]:
    """The parameters of a list that are asked at once; alone is what may end the matter for the others."""
    declared = OURS[model].declared(asked("vera"))  # type: ignore[attr-defined]
    own = [name for name in IGNORED_PARAMS if name != "_to_field"]
    alone = [name for name in declared if isinstance(column(model, name), IntegerField | BooleanField | DateTimeField)]
    calm = [name for name in declared if name not in alone]
    return [(*own, *calm, PAGE_VAR), *((name,) for name in ("_to_field", *alone))]


def column(model: type[Model], name: str) -> object:
    """The column that a parameter compares; None for a filter of our own."""
    if "__" not in name:
        return None
    return get_fields_from_path(model, name.rpartition("__")[0])[-1]


@pytest.mark.parametrize("model", OURS)
def test_no_list_fails_by_an_odd_parameter(model: type[Model], ana: Client) -> None:
    turns, bad = in_turn(model), []
    for value in (value for name, value in ODD.items() if name not in ("negative", "no host", "signs", "last moment")):
        bad += [names for names in turns if failed(ana, address(model), dict.fromkeys(names, value))]
    assert bad == []


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_is_none_is_the_first_page(cursor: str, ana: Client) -> None:
    every = [*map(address, MIRRORS), *(reverse(each.url, args=[ACCOUNT]) for each in LISTINGS)]
    for path in every:
        for name in (keyset.OLDER, keyset.NEWER):
            answer = ana.get(path, {name: cursor})
            assert (answer.status_code, 'rel="next"' in answer.content.decode()) == (200, False), (path, name)
            assert "/change/" in answer.content.decode() or "row" in answer.content.decode()


PERIODS = (
    {"year": "9999"},
    {"year": "0"},
    {"year": "9" * 12},
    {"month": "99", "day": "99"},
    {"year": "2026", "day": "1"},
    {"year": "2026", "month": "13"},
    {"year": "2026", "month": "2", "day": "30"},
    {"year": "1", "month": "1", "day": "1"},
    {"year": "9998", "month": "12", "day": "31"},
)


@pytest.mark.parametrize("period", PERIODS)
def test_no_drill_down_fails_by_a_day_that_is_none(period: dict[str, str], ana: Client) -> None:
    for model, own in OURS.items():
        if own.date_hierarchy:
            query = {f"{own.date_hierarchy}__{name}": value for name, value in period.items()}
            answer = ana.get(address(model), query, follow=True)
            assert answer.status_code == 200


def test_a_wrong_value_leads_to_the_first_page_and_from_there_nowhere(ana: Client) -> None:
    answer = ana.get("/console/operation/", {"user__id__exact": "²"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/console/operation/?e=1")
    assert b"does not have" in ana.get("/console/operation/?e=1").content
    assert ana.get("/console/operation/", {"user__id__exact": "²", "e": "1"}).status_code == 400


@pytest.mark.parametrize("verb", verbs.every(), ids=lambda verb: verb.name)
def test_no_form_fails_by_odd_first_values(verb: Verb, ana: Client, made: dict[str, str]) -> None:  # noqa: F811
    begin = f"/connect/accounts/{ACCOUNT}/do/" if verb.about_account else "/do/"
    path = f"{begin}{verb.name}{'' if verb.about_account else '/'}"
    if verb.noun:
        path = f"/{ACCOUNT}/issuing/{verb.noun._meta.verbose_name_plural}/{made[verb.noun_name]}/do/{verb.name}"
    bad = [name for name, value in ODD.items() if failed(ana, path, dict.fromkeys(verb.form.base_fields, value))]
    assert bad == []


def test_no_path_fails_by_an_odd_part(odd: str, ana: Client, made: dict[str, str]) -> None:  # noqa: F811
    parts = {name: quote(odd[:3_000], safe="") for name in made if name != "account"} | {"account": made["account"]}
    paths = {path.format(**parts) for path in GETS.values() if path.format(**parts) != path.format(**made)}
    paths |= {
        path.replace(ACCOUNT, f"acct_{odd[:3_000]}") for path in ("/connect/accounts/" + ACCOUNT, "/out/" + ACCOUNT)
    }
    assert [path[:60] for path in paths if failed(ana, path)] == []


@pytest.mark.parametrize("value", [ODD["no digit"], ODD["signs"], ODD["first moment"]])
def test_no_post_fails_by_odd_values(
    value: str,
    ana: Client,
    made: dict[str, str],  # noqa: F811
    sandbox: SandboxProcess,
) -> None:
    fields = {name for verb in verbs.every() for name in verb.form.base_fields}
    posted = {**dict.fromkeys({*NAMES, *fields, "action", "_selected_action", "index", "select_across"}, value)}
    bad = []
    for name in sorted(POSTS):
        answer = ana.post(TABLE[name].path.format(**made), {**posted, "for_account": made["account"]})
        bad += [name] if answer.status_code >= SERVER_ERROR else []
    assert bad == []


@pytest.mark.parametrize("text", ["", "²", "9" * 19, "9" * 5_000, "-1", "1.0", "x"])
def test_what_is_no_number_of_a_row_is_none(text: str) -> None:
    assert addresses.number(text) is None


@pytest.mark.parametrize("text", ["", "x", FIRST, LAST, "2026-02-30T00:00:00Z", "²026-01-01", "9" * 5_000])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert addresses.as_datetime(text) is None


def test_a_moment_is_read_in_utc() -> None:
    moment = addresses.as_datetime("2026-11-25T01:30:00+02:00")
    assert moment
    assert moment.isoformat() == "2026-11-24T23:30:00+00:00"
    assert addresses.as_datetime("2026-11-25T01:30:00", zone=True) is None
