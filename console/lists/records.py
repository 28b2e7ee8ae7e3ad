"""The base of the lists of the console's own records: newest first, paged by keyset, each row leading to its page."""

from calendar import monthrange
from datetime import date
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from console.lists import keyset
from console.lists.admin import ReadOnlyAdmin, plain_object
from console.lists.changelist import PagedChangeList
from console.lists.declared import LONGEST, PERIODS
from console.lists.filters import AccountFilter
from console.people import masking
from console.people.signed_in import PERSONAL, staff
from console.shell import typed_again
from gateway import copied


class RecordChangeList(PagedChangeList):
    """A list whose rows show what staff and Stripe wrote as far as this person may see personal data.

    `period` is the drill-down by date: the years, months or days to choose from, and the way back.
    """

    model_admin: "RecordAdmin"
    period: dict[str, Any] | None = None

    def url_for_result(self, result: Any) -> str:
        """The address of a row's page, with its id as it is."""
        return f"{reverse(f'admin:{self.opts.app_label}_{self.opts.model_name}_changelist')}{result.pk}/change/"

    def get_results(self, request: HttpRequest) -> None:
        """One page of rows, masked."""
        found = self.model_admin.queries(request, self.queryset, copied.sought(self.query)[:LONGEST])
        shown = keyset.read(found, request.GET, self.list_per_page, self.model_admin.by)
        self.show(shown)
        self.result_list = [self.model_admin.masked(request, row) for row in shown.rows]
        self.period = self._period() if self.date_hierarchy else None

    def _period(self) -> dict[str, Any] | None:
        """What the drill-down offers, None where all is of one day. One query."""
        name, today = self.date_hierarchy, timezone.now().date()
        given = [int(self.params[f"{name}__{each}"]) for each in PERIODS if f"{name}__{each}" in self.params]
        field = str(name)
        oldest = self.model._default_manager.order_by(field).values_list(field, flat=True).first()
        first, last = ([*each.timetuple()[:3]] for each in (oldest.date() if oldest else today, today))
        inside = _inside(given, first, last)
        choices = [{"link": self._period_link(each), "title": _title(each)} for each in inside]
        back = {"link": self._period_link(given[:-1]), "title": _title(given[:-1])} if given else None
        if not (given or inside):
            return None
        return {"back": back, "choices": [{"title": _title(given)}, *choices] if given else choices}

    def _period_link(self, parts: list[int]) -> str:
        names = [f"{self.date_hierarchy}__{each}" for each in PERIODS]
        return self.get_query_string(dict(zip(names, parts, strict=False)), [*names, keyset.OLDER, keyset.NEWER])


def _inside(given: list[int], first: list[int], last: list[int]) -> list[list[int]]:
    """Years, the months of one, or the days of one between two days; what a single one of them holds instead of it."""
    if len(given) == 3:
        return []
    numbers = (
        range(first[0], last[0] + 1) if not given else range(1, 13 if len(given) == 1 else monthrange(*given)[1] + 1)
    )
    found = [each for number in numbers if first[: len(each := [*given, number])] <= each <= last]
    return found if len(found) != 1 else _inside(found[0], first, last)


def _title(parts: list[int]) -> str:
    """A year, a month of it, or a day of that, in words."""
    if not parts:
        return "All dates"
    at = date(*parts, *(1,) * (3 - len(parts)))
    return f"{at.day} {at:%b %Y}" if len(parts) == 3 else f"{at:%b %Y}" if len(parts) == 2 else f"{at.year}"


class RecordAdmin(ReadOnlyAdmin):
    """What the console itself has recorded: a list by keyset, and a page for each row.

    `by` is the order of the list, which an index has. `written` names the fields that staff or Stripe wrote: for who
    may not see personal data they are masked where they quote it, and no part of them is searched.
    """

    written: tuple[str, ...] = ()
    by: tuple[str, str] = ("at", "id")
    answers: tuple[str, ...] = ()  # what a row's page takes beside GET
    empty_text = ""  # while there are none: what will stand there, and how it comes to be
    by_this_machine = True  # its moments, which is said where Stripe's clock shows another time
    sortable_by = ()
    account_filter: type[AccountFilter] = AccountFilter

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The account, then its own."""
        return [self.account_filter, *self.list_filter]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Paged by keyset; links carry ids as they are."""
        return RecordChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list under its own name."""
        names = {"title": self.list_title, "list_title": self.list_title, "empty_text": self.empty_text}
        return super().changelist_view(request, {**names, **(extra_context or {})})

    def queries(self, request: HttpRequest, rows: QuerySet, words: str) -> list[QuerySet]:
        """The rows that the words find, as queries of which each has its index (`found`)."""
        if not words:
            return [rows]
        found = self.found(words, personal=staff(request).has_perm(PERSONAL))
        return [rows.filter(each) for each in found] if found is not None else [self._searched(request, rows, words)]

    def exported_queries(self, request: HttpRequest, changelist: Any) -> list[QuerySet]:
        """Every row that the list shows, page by page, as the queries of an export."""
        return self.queries(request, changelist.queryset, copied.sought(changelist.query)[:LONGEST])

    def finished(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Rows of those queries as the list shows them to this person."""
        return [self.masked(request, row) for row in rows]

    def found(self, words: str, *, personal: bool) -> list[Q] | None:
        """Each way in which the words may name rows; None: Django's, by the search fields."""
        return None

    def _searched(self, request: HttpRequest, rows: QuerySet, words: str) -> QuerySet:
        return super().get_search_results(request, rows, words)[0]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """All: what narrows them are queries of their own."""
        return queryset, False

    def masked(self, request: HttpRequest, row: Any) -> Any:
        """The row as this person may see it."""
        for name in self.written:
            setattr(row, name, masking.masked(getattr(row, name), may_see=staff(request).has_perm(PERSONAL)))
        return row

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Those of which this person sees the whole: a search tells a masked value letter by letter."""
        personal = staff(request).has_perm(PERSONAL)
        return [name for name in self.search_fields if personal or name not in self.written]

    @typed_again.kept
    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The row's page; 404 where there is none."""
        row = self.row(request, object_id)
        if request.method not in ("GET", "HEAD", *self.answers):
            raise PermissionDenied(f"Nobody changes {self.opts.verbose_name_plural} by hand.")
        return self.row_page(request, row)

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """The row that an address names, for those who may see it; else 403 or 404."""
        if not self.has_view_permission(request):
            raise PermissionDenied(f"Your role does not see {self.opts.verbose_name_plural}.")
        row = plain_object(self.model, object_id)
        if row is None:
            raise Http404(f"No {self.opts.verbose_name} {object_id} here.")
        return row

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The page of a row."""
        raise NotImplementedError

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A record has no history but its own page."""
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(page, args=[self.row(request, object_id).pk]))
