"""The admin's lists of mirror rows: read only, and every way to one row leads to its page of ours.

The admin quotes `_` in ids (`acct_5F1`) and reads `acct_2F…` as `acct/…`: its quoting must never show in an address.
"""

from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

Row = TypeVar("Row", bound=Model)


class PlainChangeList(ChangeList):
    """A list whose links carry ids as they are. Its admin's `get_object` must take them so (`plain_object`)."""

    def url_for_result(self, result: Any) -> str:
        """The address of a row's admin page."""
        return f"{reverse(f'admin:{self.opts.app_label}_{self.opts.model_name}_changelist')}{result.pk}/change/"


def plain_object(model: type[Row], object_id: str) -> Row | None:
    """The row whose id stands in an address, plain or as the admin quotes it; plain counts first."""
    for row_id in (object_id, unquote(object_id)):
        row = model._default_manager.filter(pk=row_id).first()
        if row is not None:
            return row
    return None


class MirrorAdmin(admin.ModelAdmin):
    """A list only. Stripe is the truth: nothing is added, changed or deleted here."""

    list_display_links = None
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The list; and for one row, by its plain id, a redirect to its page."""
        model = f"{self.opts.app_label}_{self.opts.model_name}"
        lists = [url for url in super().get_urls() if url.name == f"{model}_changelist"]
        to_page = self.admin_site.admin_view(self.to_page)
        return [
            *lists,
            path("<path:object_id>/change/", to_page, name=f"{model}_change"),
            path("<path:object_id>/", to_page),
        ]

    def to_page(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """Lead to the row's page."""
        if not self.has_view_permission(request):
            raise PermissionDenied(f"Your role does not see {self.opts.verbose_name_plural}.")
        row = plain_object(self.model, object_id)
        if row is None:
            raise Http404(f"No {self.opts.verbose_name} {object_id} here.")
        return HttpResponseRedirect(row.get_absolute_url())
