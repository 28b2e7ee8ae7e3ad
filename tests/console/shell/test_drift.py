"""Where mirror and Stripe differ stands in a list: for who may see it, by every filter, each row leading on."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from gateway import clock
from gateway.models import Drift
from tests.accounts import builders
from tests.people import browser, person

pytestmark = pytest.mark.django_db
LIST = "/gateway/drift/"


@pytest.fixture(autouse=True)
def found() -> None:
    """One of each kind."""
    account = builders.account()
    at = clock.now()
    own = {"account": account.pk, "found_at": at}
    Drift.objects.create(noun="account", object_id=account.pk, kind="differs", fields=["email", "metadata.turn"], **own)
    Drift.objects.create(noun="person", object_id="person_1", kind="missing", **own)
    Drift.objects.create(
        noun="issuing.card", object_id="ic_1", kind="gone", account="acct_1Other", found_at=clock.now()
    )


def shown(asked: dict[str, str], who: str = "vera") -> set[str]:
    return {row.object_id for row in browser(who).get(LIST, asked).context["cl"].result_list}


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, {"acct_1Kestrel", "person_1", "ic_1"}),
        ({"kind": "missing"}, {"person_1"}),
        ({"noun": "issuing.card"}, {"ic_1"}),
        ({"account": "acct_1Kestrel"}, {"acct_1Kestrel", "person_1"}),
        ({"q": "ic_1"}, {"ic_1"}),
        ({"q": "acct_1Other"}, {"ic_1"}),
    ],
)
def test_the_list_by_filters_and_search(asked: dict[str, str], ids: set[str]) -> None:
    assert shown(asked) == ids


def test_it_names_fields_and_links_home_and_menu() -> None:
    page = browser("vera").get(LIST).content.decode()
    assert "email, metadata.turn" in page
    assert "Missing here" in page
    home = browser("vera").get("/").content.decode()
    assert home.count(f'href="{LIST}"') >= 2  # the menu, and the panel that counts them


def test_a_row_leads_to_its_object_else_to_its_account() -> None:
    for drift in Drift.objects.filter(account="acct_1Kestrel"):
        answer = browser("ana").get(f"{LIST}{drift.pk}/change/")
        assert answer.headers["Location"] == "/connect/accounts/acct_1Kestrel"
    other = Drift.objects.get(object_id="ic_1")
    assert browser("ana").get(f"{LIST}{other.pk}/change/").headers["Location"] == f"{LIST}?q=ic_1"


def test_who_may_not_see_it_does_not() -> None:
    person("sam").groups.clear()
    assert browser("sam").get(LIST).status_code == 403


def test_the_command_exports_the_same(tmp_path: Any) -> None:
    person("vera")
    out = tmp_path / "found.csv"
    call_command("export", "differences", filter=["kind=differs"], out=str(out), as_user="vera", stdout=StringIO())
    assert "acct_1Kestrel" in out.read_text()
