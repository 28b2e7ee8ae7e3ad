"""The rows of a list as it shows them to one person, from the first to the last: by keyset, a part at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse

from console.lists import keyset
from console.lists import listing as lists_listing
from console.lists.declared import ListAdmin
from console.lists.exports_button import asked
from console.lists.exports_cells import Cell, Column, cells
from console.people import roles
from console.people.models import User
from console.people.signed_in import PERSONAL

PART = 500  # rows that are in memory at once
LONGEST_QUERY = 4_000  # characters of a list's address
VIEW_AS = "console.view_as"


class NoPlace(ValueError):  # noqa: N818  (it says what the row lacks)
    """A row has no place in the order of its list, so that nobody can go on behind it."""


@dataclass(frozen=True)
class Shown:
    """One list, narrowed as its address says, as one person sees it. `account_id` is "" for that over all accounts."""

    name: str
    title: str
    columns: tuple[Column, ...]
    queries: list[QuerySet[Any]]
    by: tuple[str, str]
    finish: Callable[[list[Any]], list[Any]]
    may_see: bool
    account_id: str = ""

    @property
    def titles(self) -> list[str]:
        """The headings of its columns; two of the same name are told apart by what they belong to."""
        return [column.title for column in self.columns]

    def count(self, most: int) -> int:
        """How many rows, no further than `most`. What two queries find is counted twice. A query each."""
        return min(sum(each.order_by()[:most].count() for each in self.queries), most)

    def parts(self, after: str = "") -> Iterator[tuple[list[list[Cell]], str]]:
        """Parts of at most PART rows from the one behind the cursor `after` on ("": the first), and their cursors.

        The last cursor is "". Raises NoPlace.
        """
        while True:
            found = keyset.read(self.queries, {keyset.OLDER: after}, PART, self.by)
            if found.older and found.older == after:
                raise NoPlace(f"A row of {self.title} has no place in its order.")
            rows = self.finish(found.rows)
            yield [cells(self.columns, row, may_see=self.may_see) for row in rows], found.older
            after = found.older
            if not after:
                return


def lists() -> dict[str, ListAdmin]:
    """Every list that can be exported, by the name of its table."""
    return {model._meta.label_lower: its for model, its in admin.site._registry.items() if isinstance(its, ListAdmin)}


def of(user: User, name: str, query: str, account_id: str = "") -> Shown:
    """A list as this person sees it at an address with this query.

    Raises Http404 for no such list, PermissionDenied for one that is not theirs, BadRequest for a query that it does
    not take.
    """
    its: Any = lists().get(name)
    if its is None or (account_id and not hasattr(its, "listing")):
        raise Http404(f"There is no list {name[:64]} to export.")
    if lacking := [each for each in needed(name, account_id) if not user.has_perm(each)]:
        raise PermissionDenied(roles.lacking(*lacking))
    request = _request(user, its, query)
    return _of_account(request, its, name, account_id) if account_id else _of_fleet(request, its, name)


def needed(name: str, account_id: str) -> list[str]:
    """The permissions to see the list."""
    app, _, model = name.partition(".")
    return [f"{app}.view_{model}", *([VIEW_AS] if account_id else [])]


def _request(user: User, its: Any, query: str) -> HttpRequest:
    """What the list is asked with: its address, narrowed as on the page and from its first row on."""
    if len(query) > LONGEST_QUERY:
        raise BadRequest("The address of this list is too long to export it. Narrow it down with fewer filters.")
    request = HttpRequest()
    request.method, request.user, request.session = "GET", user, {}  # type: ignore[assignment]
    request.path = reverse(f"admin:{its.opts.app_label}_{its.opts.model_name}_changelist")
    request.GET = asked(query)  # type: ignore[assignment]
    return request


def _of_fleet(request: HttpRequest, its: Any, name: str) -> Shown:
    try:
        changelist = its.get_changelist_instance(request)
    except (IncorrectLookupParameters, DisallowedModelAdminLookup) as wrong:
        raise BadRequest("This list has no such filter.") from wrong
    return Shown(
        name=name,
        title=its.exported_title(),
        columns=its.exported(),
        queries=its.exported_queries(request, changelist),
        by=its.by,
        finish=lambda rows: its.finished(request, rows),
        may_see=request.user.has_perm(PERSONAL),
    )


def _of_account(request: HttpRequest, its: Any, name: str, account_id: str) -> Shown:
    listing: lists_listing.Listing = its.listing
    return Shown(
        name=name,
        title=listing.title,
        columns=listing.columns_of_account(),
        queries=[lists_listing.asked_rows(request, account_id, listing)],
        by=keyset.CREATED,
        finish=lambda rows: lists_listing.masked_rows(request, rows),
        may_see=request.user.has_perm(PERSONAL),
        account_id=account_id,
    )
