"""What an address may ask of a list: the parameters that the list declares, and nothing else.

Django's admin takes any lookup on a model's own fields (`email__startswith`, `data__…__regex`). With it a masked value
can be guessed letter by letter, and a regular expression can stop the server. Here a lookup that is not declared is a
400; an unknown plain name, or an invalid value of a filter, leads to the first page, as in Django.
"""

from collections.abc import Iterator
from datetime import MAXYEAR, date
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import BadRequest
from django.db.models import ForeignKey, IntegerField, Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

from console.lists import addresses

LONGEST = 255  # characters of a search; the databases refuse an expression of thousands of words
EXACT = "__exact"  # how the links of Django's filters end that compare a field
PERIODS = ("year", "month", "day")  # what the drill-down by date adds to its field


class DeclaredChangeList(ChangeList):
    """A list that is sorted by its sortable columns alone, each once, and drilled down to days that there are."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Those that are declared, with values that the database can compare. Raises IncorrectLookupParameters."""
        declared = self.model_admin.declared(request)  # type: ignore[attr-defined]
        if any(LOOKUP_SEP not in name and name not in declared for name in self.get_filters_params()):
            raise IncorrectLookupParameters("This list has no such filter.")
        if self.date_hierarchy:
            _check_period([self.params.get(f"{self.date_hierarchy}__{each}") for each in PERIODS])
        filters = super().get_filters(request)
        for name, values in self.filter_params.items():
            field = get_fields_from_path(self.model, name.removesuffix(EXACT))[-1] if name.endswith(EXACT) else None
            if isinstance(field, IntegerField) and None in map(addresses.number, values):  # what both databases hold
                raise IncorrectLookupParameters("That is no number.")
        return filters

    def get_ordering_field(self, field_name: Any) -> Any:
        """None for a column that is not offered for sorting: the order of rows shows masked values, too."""
        offered = self.sortable_by is None or field_name in self.sortable_by
        return super().get_ordering_field(field_name) if offered else None

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """Each column once: a database takes no more than some thousand."""
        return list(dict.fromkeys(super().get_ordering(request, queryset)))


def _check_period(parts: list[str | None]) -> None:
    """A year, a month of it, a day of that: raises IncorrectLookupParameters for anything else."""
    given = [each for each in parts if each is not None]
    if given != parts[: len(given)]:
        raise IncorrectLookupParameters("A month needs its year, a day its month.")
    try:
        year, month, day = (*map(int, given), *(1,) * (len(PERIODS) - len(given)))
        if date(year, month, day).year == MAXYEAR:
            raise IncorrectLookupParameters("No year follows it.")
    except (ValueError, OverflowError) as wrong:
        raise IncorrectLookupParameters(wrong) from wrong


class ListAdmin(admin.ModelAdmin):
    """A list whose address is taken at its word: every admin of ours is one (a test holds it)."""

    show_facets = admin.ShowFacets.NEVER  # they count the whole table, once a choice

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether this list declares the parameter."""
        return request is not None and lookup in self.declared(request)

    def declared(self, request: HttpRequest) -> set[str]:
        """The parameters of its filters and of its drill-down by date."""
        names = {f"{self.date_hierarchy}__{each}" for each in PERIODS} if self.date_hierarchy else set()
        for listed in self.get_list_filter(request):
            names.update(_parameters(self.model, listed))
        return names

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Sorted and drilled down as declared."""
        return DeclaredChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list. Raises IncorrectLookupParameters, which leads to the first page; BadRequest if it has led there."""
        try:
            return super().get_changelist_instance(request)
        except IncorrectLookupParameters as wrong:
            if ERROR_FLAG in request.GET:  # Django would blame the database
                raise BadRequest("This list has no such page.") from wrong
            raise

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By the search fields, for as many words as LONGEST takes."""
        return super().get_search_results(request, queryset, search_term[:LONGEST])


def _parameters(model: type[Model], listed: Any) -> Iterator[str]:
    """What a filter's own links name: an entry of `list_filter` is a class, a field's path, or a path with a class."""
    if isinstance(listed, type):
        yield listed.parameter_name  # type: ignore[attr-defined]
        return
    path = listed if isinstance(listed, str) else listed[0]
    field = get_fields_from_path(model, path)[-1]
    if isinstance(field, ForeignKey):
        yield from (f"{path}__{field.target_field.name}{EXACT}", f"{path}__isnull")
    else:
        yield from (path, f"{path}{EXACT}", f"{path}__isnull")
