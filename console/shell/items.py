"""What needs a person: the one way in which home, the menu, an account's page and an object's page ask for it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from console.lists import together
from console.people.signed_in import staff
from console.shell import leading, nouns
from console.shell.nouns import SHOWN, Item, Queue, Waiting
from gateway import clock
from gateway.mirror import Mirror

NEVER = datetime.max.replace(tzinfo=UTC)


def asked(request: HttpRequest) -> Iterator[Queue]:
    """The queues that this person may see."""
    for queue in nouns.queues():
        if not queue.permission or staff(request).has_perm(queue.permission):
            yield queue


def waiting(request: HttpRequest, most: int = SHOWN) -> list[tuple[Queue, Waiting]]:
    """What waits in each queue, its items with links that work for this person."""
    found = [(queue, queue.waiting(request, most)) for queue in asked(request)]
    return [(queue, replace(each, items=_finished(request, queue, each.items))) for queue, each in found]


def of_account(request: HttpRequest, account_id: str, name: str = "", *, on_its_page: bool = False) -> list[Item]:
    """What needs a person for one account, soonest first; on its own page without what that says in its own words.

    One query for all queues that give rows, and those of the others. `name` is the account's.
    """
    queues = [each for each in asked(request) if not (on_its_page and each.told == "account")]
    found = [(each, each.of_account(request, account_id)) for each in queues if each.of_account]
    return [replace(item, account_name=item.account_name or name) for item in _together(request, found)]


def of_object(request: HttpRequest, row: Mirror, *, on_its_page: bool = False) -> list[Item]:
    """What needs a person for one object, soonest first; on its own page without what that says in its own words.

    One query for all queues that give rows, and those of the others.
    """
    queues = [each for each in asked(request) if not (on_its_page and each.told == "object")]
    return _together(request, [(each, each.of_object(request, row)) for each in queues if each.of_object])


def _together(request: HttpRequest, found: Sequence[tuple[Queue, list[Item] | QuerySet[Any] | None]]) -> list[Item]:
    queries = [(queue, each) for queue, each in found if isinstance(each, QuerySet)]
    read = together.read([each for _, each in queries], SHOWN)
    items = [item for queue, each in found if isinstance(each, list) for item in _finished(request, queue, each)]
    for (queue, _), rows in zip(queries, read, strict=True):
        if queue.item:
            items += _finished(request, queue, [queue.item(request, row) for row in rows])
    return soonest(items)


def soonest(found: list[Item]) -> list[Item]:
    """What is wrong now without a deadline stands where a deadline of this moment would."""
    now = clock.now()
    return sorted(found, key=lambda item: (item.at or now, item.start or NEVER))


def _finished(request: HttpRequest, queue: Queue, items: list[Item]) -> list[Item]:
    return [_openable(request, replace(item, kind=queue.name)) for item in items]


def _openable(request: HttpRequest, item: Item) -> Item:
    """The item with links that work for this person: to the account's page where its own do not."""
    if not leading.may_open(staff(request), item.url):
        page = reverse("account", args=[item.account_id]) if item.account_id else reverse("admin:index")
        item = replace(item, url=page)
    if not item.button_url or not leading.may_open(staff(request), item.button_url):
        item = replace(item, button_url=item.url, button="Open")
    return item
