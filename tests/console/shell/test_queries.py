"""Every kind of page that is got, in a world where each queue, panel and timeline has something to show."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from accounts.account.models import Account
from accounts.account.pages import PARTS
from accounts.account.words import TABS
from console.operations import verbs
from console.operations.verbs import Verb
from console.shell import nouns
from issuing.authorizations.models import Authorization
from tests.costs import MOST, MOST_OF_ACCOUNT, cost
from tests.keeping import once
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, work
from tests.permissions import TABLE
from tests.world import made

pytestmark = pytest.mark.django_db
PAGE = f"/connect/accounts/{ACCOUNT}"
OF_ACCOUNT = (PAGE, f"/{ACCOUNT}/activity")  # the account's page: its tabs, its timeline
NO_PAGES = {"healthz", "readyz", "logout", "jsi18n", "webhook", "connect_webhook"}


world = once(made)  # one of everything that an address can name, and a history of each noun that words its own


def addresses(world: dict[str, str]) -> Iterator[str]:
    """Of the table of permissions, of the account's tabs and parts, and of each verb."""
    for name, row in TABLE.items():
        if row.method == "get" and row.answer == 200 and row.lowest != "nobody" and name not in NO_PAGES:
            yield row.path.format(**world)
    yield from (f"{PAGE}?tab={tab}" for tab in TABS)
    yield from (row.get_absolute_url() for row in Authorization.objects.all())
    yield from (f"{PAGE}/live?part={part}" for part in PARTS)
    yield f"/connect/accounts/{OTHER_ACCOUNT}/view-as"
    for verb in verbs.every():
        yield from of_verb(verb, world)


def of_verb(verb: Verb, world: dict[str, str]) -> Iterator[str]:
    """Its forms, with what an address may fill in, and its preview for many."""
    if not verb.about_account:
        yield f"/do/{verb.name}/"
        return
    if verb.noun:
        row = verb.noun.objects.get(pk=world[verb.noun_name])
        yield verb.address(row)
    else:
        first = {name: world[name] for name in verb.form.base_fields if name in world}
        yield from (f"{before}/do/{verb.name}?{urlencode(first)}" for before in (PAGE, f"/{ACCOUNT}"))
    if verb.bulk:
        model = verb.noun or Account
        many = urlencode({"id": list(model.objects.values_list("pk", flat=True))}, doseq=True)
        yield f"/bulk/{verb.name}/?{many}"


def test_choosing_rows_of_a_list_costs_no_more_than_a_page(world: dict[str, str]) -> None:
    client, costs = browser("ana"), {}
    work(client)
    for verb in (each for each in verbs.every() if each.bulk):
        options = (verb.noun or Account)._meta
        chosen = list((verb.noun or Account).objects.values_list("pk", flat=True))
        form = {"action": verb.name, "_selected_action": chosen, "index": "0"}
        costs[verb.name] = cost(client, f"/{options.app_label}/{options.model_name}/", **form)
    assert {name: number for name, number in costs.items() if number > MOST} == {}


@pytest.mark.crawl
def test_no_page_costs_more_than_its_kind_may(world: dict[str, str]) -> None:
    assert [queue.name for queue in nouns.queues() if not queue.count()] == ["jobs"]  # each counts their own, on home
    client = browser("ana")
    work(client)
    costs = {path: cost(client, path) for path in dict.fromkeys(addresses(world)) if path != f"{PAGE}/view-as"}
    most = {path: MOST_OF_ACCOUNT if path.partition("?")[0] in OF_ACCOUNT else MOST for path in costs}
    assert {path: number for path, number in costs.items() if number > most[path]} == {}
