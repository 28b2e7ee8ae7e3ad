"""What a list of the admin is: paged by keyset, narrowed by its filters, searched each way by an index of its own."""

from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from console.lists import keyset as lists_keyset
from console.lists import limits
from console.lists.declared import DeclaredChangeList
from console.lists.listing import COUNTED
from console.people import masking
from console.people.signed_in import PERSONAL, staff
from console.shell import leading

CURSORS = (lists_keyset.OLDER, lists_keyset.NEWER)
TICKED = "ticked"  # of the session: rows whose ticks the list keeps after it has refused an action
UNSOUGHT = "unsought_rows"  # of a request: the rows of its list that its filters leave, before its search


class PagedChangeList(DeclaredChangeList):
    """A list that is paged by keyset: no row is counted. Templates ask for `keyset`, `newer_url`, `older_url`."""

    keyset = True
    newer_url = older_url = ""
    matching = 0  # rows of a narrowed list that a page does not hold, up to COUNTED + 1; 0 if that takes too long
    opens = True  # whether this person may open the pages of its rows

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """The cursors are no filters."""
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in CURSORS}

    def show(self, shown: lists_keyset.Page) -> None:
        """Take this page. What is searched or filtered next begins at its first."""
        self.params = {name: value for name, value in self.params.items() if name not in CURSORS}
        self.result_list, self.result_count, self.full_result_count = shown.rows, len(shown.rows), None
        self.show_full_result_count, self.show_admin_actions = False, True
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator(shown.rows, self.list_per_page)
        if shown.newer:
            self.newer_url = self.get_query_string({lists_keyset.NEWER: shown.newer})
        if shown.older:
            self.older_url = self.get_query_string({lists_keyset.OLDER: shown.older})


class KeysetChangeList(PagedChangeList):
    """A list of mirror rows; its admin's `prepare` and `finish` see the query and the rows of a page."""

    model_admin: Any
    unsought: Any = None  # the rows that the filters leave, before the search
    too_long = False  # whether the database was stopped: no rows are shown, and why is said

    def get_queryset(self, request: HttpRequest, *given: Any, **named: Any) -> QuerySet:
        """All that is shown, on all pages."""
        found = super().get_queryset(request, *given, **named)
        self.unsought = getattr(request, UNSOUGHT)
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Read one page and look whether there is more."""
        personal = staff(request).has_perm(PERSONAL)
        try:
            with self._limit():
                shown = self._page(request, personal=personal)
        except limits.TooLong:
            shown, self.too_long = lists_keyset.Page([]), True
        self.model_admin.finish(shown.rows)
        first = shown.rows[0].get_absolute_url() if shown.rows else ""
        self.opens = not first or leading.may_open(staff(request), first)
        ticked = request.session.pop(TICKED, ()) if TICKED in request.session and request.method == "GET" else ()
        for row in shown.rows:  # to look at, never saved
            row.ticked = row.pk in ticked
            for each in (row, *filter(None, row._state.fields_cache.values())):
                each.opens = self.opens
            row.data = masking.masked(row.data, may_see=personal)
        if self.model_admin.search_help_personal and personal:
            self.search_help_text = self.model_admin.search_help_personal
        self.show(shown)

    def _has_index(self) -> bool:
        """Whether an index answers all that it is narrowed by: each way by itself has one, and the pairs declared."""
        chosen = {next(iter(spec.used_parameters)) for spec in self.filter_specs if spec.used_parameters}
        ways = len(chosen) + bool(self.query)
        return ways < 2 or (ways == len(chosen) and any(chosen == set(pair) for pair in self.model_admin.pairs))

    def _page(self, request: HttpRequest, *, personal: bool) -> lists_keyset.Page:
        queries = self._queries(personal=personal)
        shown = lists_keyset.read(queries, request.GET, self.list_per_page)
        if (self.has_active_filters or self.query) and (shown.newer or shown.older):
            with suppress(limits.TooLong), self._limit():  # the rows were found: they are shown without a number
                self.matching = lists_keyset.count(queries, COUNTED + 1)
        return shown

    def _limit(self) -> AbstractContextManager[None]:
        return nullcontext() if self._has_index() else limits.bounded()

    def _queries(self, *, personal: bool) -> Any:
        """The list, in queries of which each has its index."""
        words, rows = self.model_admin.words(self.query), cast("Any", self.model_admin.prepare(self.unsought))
        return lists_keyset.searched(rows, rows.sought(words, personal=personal)) if words else rows
