"""Asks a filled console for its lists as a member of staff does, in process, and prints what each took as JSON.

`python -m benchmarks.asked 10`, in the environment of that console: ten times each. What is asked is read from the
lists themselves: first, middle and last page, each tab, each choice of each filter, the pairs of filters that it
declares, and searches.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import django
from django.db import connection, reset_queries

PLAIN = "plain "  # in the place of an address: Django's own list of a model
DJANGO = "Django's own list"
FIRST_OF_ALL = "0001-01-01T00:00:00+00:00,0"  # nothing is older: the page beside it is the last
# What is sought, by list: few hits or one, many hits, none; a part of a word each. Then last four.
SOUGHT = {
    "account": ("Optics Studio 4099", "Freight", "zyxwv", "office77@"),
    "cardholder": ("Elif Haddad 511", "Jonas", "zyxwv", "holder77@"),
    "card": ("4302", "Elif Haddad 511", "Jonas", "zyxwv"),
    "authorization": ("4302", "OPTICS*HADDAD 77", "FREIGHT", "zyxwv"),
    "transaction": ("4302", "OPTICS*HADDAD 77", "FREIGHT", "zyxwv"),
}


def addresses() -> Iterator[tuple[str, str]]:
    """(what, address) of everything that is measured."""
    from django.contrib import admin
    from django.urls import reverse

    from console.lists.admin import MirrorAdmin
    from console.lists.filters import AccountFilter

    for model, its in admin.site._registry.items():
        if not isinstance(its, MirrorAdmin) or not model._default_manager.exists():
            continue
        name = model._meta.model_name
        here, middle = reverse(f"admin:{model._meta.app_label}_{name}_changelist"), middle_of(model)
        yield f"{name}: first page", here
        yield f"{name}: middle page", f"{here}?{urlencode({'older': f'{middle.created.isoformat()},{middle.pk}'})}"
        yield f"{name}: last page", f"{here}?{urlencode({'newer': FIRST_OF_ALL})}"
        filters = its.get_list_filter(None)
        choices = {each.parameter_name: [*getattr(each, "words", {})] for each in filters}
        choices[AccountFilter.parameter_name] = [middle.account_id] if AccountFilter in filters else []
        asked = [{named: value} for named, values in choices.items() for value in values]
        for each in [*asked, *(both for pair in its.pairs for both in together(choices, *pair))]:
            words = " ".join(f"{named}={value}" for named, value in each.items())
            yield f"{name}: {words}", f"{here}?{urlencode(each)}"
        yield f"{name}: search {middle.pk}", f"{here}?{urlencode({'q': middle.pk})}"
        for words in SOUGHT.get(str(name), ()):
            yield f"{name}: search {words}", f"{here}?{urlencode({'q': words})}"
    for words in ("Freight", "Elif Haddad 511", "zyxwv", "4302"):
        yield f"search box: {words}", f"/search?{urlencode({'q': words})}"


def together(choices: dict[str, list[str]], one: str, other: str) -> Iterator[dict[str, str]]:
    """Choices of two filters: each of one and of the other once at least, and not each with each."""
    many = max(len(choices[one]), len(choices[other]))
    others = islice(cycle(choices[other]), 1, None)  # of two that have the same choices, no two that are equal
    for first, second in islice(zip(cycle(choices[one]), others, strict=False), many):
        yield {one: first, other: second}


def beside() -> Iterator[tuple[str, str]]:
    """(what, address) of Django's own lists of the same rows."""
    from gateway.mirror import REGISTRY

    for name in SOUGHT:
        if any(model._meta.model_name == name for model in REGISTRY.values()):
            yield f"{name}: first page by {DJANGO}", f"{PLAIN}{name}"


def plainly(address: str) -> Any:
    """The rows of a first page as Django's own admin reads them, which counts all; without drawing them."""
    from django.contrib.admin import AdminSite, ModelAdmin, site
    from django.test import RequestFactory

    from console.people.models import User

    model = next(model for model in site._registry if model._meta.model_name == address.removeprefix(PLAIN))
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="demo")
    rows = ModelAdmin(model, AdminSite()).get_changelist_instance(request).result_list
    return SimpleNamespace(status_code=200 if len(rows) else 404)


def middle_of(model: Any) -> Any:
    """The row that half of all are older than, by created."""
    known = model._default_manager.exclude(created=None)
    oldest, newest = (known.order_by(f"{sign}created").first().created for sign in ("", "-"))
    return known.filter(created__lte=oldest + (newest - oldest) / 2).order_by("-created", "-id").first()


def ask(client: Any, address: str, times: int) -> dict[str, Any]:
    """Milliseconds of each answer, after one that warms up, and its slowest statement.

    `processor` is of the console alone, `database` what its statements took.
    """
    took, processor, database, slowest = [], [], [], ("", 0.0)
    for time_ in range(times + 1):
        reset_queries()
        began, used = time.perf_counter(), time.process_time()
        response = plainly(address) if address.startswith(PLAIN) else client.get(address)
        seconds, used = time.perf_counter() - began, time.process_time() - used
        assert response.status_code == 200, (address, response.status_code)
        if time_:
            took.append(seconds * 1000)
            processor.append(used * 1000)
            database.append(sum(float(each["time"]) for each in connection.queries) * 1000)
        statement = max(connection.queries, key=lambda each: float(each["time"]))
        if time_ and float(statement["time"]) > slowest[1]:
            slowest = (statement["sql"], float(statement["time"]))
        if sum(took) > 10_000:
            break
    high = sorted(took)[-1 - len(took) // 20]
    return {
        "median": statistics.median(took),
        "p95": high,
        "processor": statistics.median(processor),
        "database": statistics.median(database),
        "queries": len(connection.queries),
        "sql": slowest[0],
        "sql_ms": slowest[1] * 1000,
    }


def main(times: int, only: str = "") -> None:
    """Print a line of JSON for each address."""
    from django.test import Client

    from console.people.models import User
    from console.shell import figures
    from gateway.processes import leave_what_is_loaded

    connection.force_debug_cursor = True
    figures.keep()  # as a worker does: else pages count themselves
    leave_what_is_loaded()  # as a web process does
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(username="demo"))
    for what, address in [*addresses(), *beside()]:
        if only in what:
            print(json.dumps({"what": what, **ask(client, address, times)}), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    main(int(sys.argv[1]), *sys.argv[2:3])
