"""The list of operations."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from console.lists.admin import RecordAdmin, plain_object
from console.operations.models import Operation
from console.shell.outside import isolated
from console.templatetags import console as tags
from gateway import texts
from gateway.mirror import account_model


class NeedsAPerson(admin.SimpleListFilter):
    """Operations that wait for somebody to decide."""

    title = "waiting for"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """One choice."""
        return [("person", "A person's decision")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Operation]) -> QuerySet[Operation]:
        """Those, where chosen."""
        return queryset & Operation.objects.needing_a_person() if self.value() == "person" else queryset


@admin.register(Operation)
class OperationAdmin(RecordAdmin):
    """Every intent of staff and what came of it; each leads to its page."""

    list_display = ("when", "verb", "account", "user", "state_badge", "object", "ticket")
    list_filter = ("state", NeedsAPerson, "verb", "via", "user")
    written = ("reason", "ticket")
    list_select_related = ("user",)
    list_display_links = None
    search_fields = ("=id", "=account_id", "account_name", "=object_id", "=ticket", "=request_id", "=key", "reason")
    date_hierarchy = "created_at"

    @admin.display(description="When", ordering="created_at")
    def when(self, operation: Operation) -> str:
        """The moment, as the link to its page."""
        url = reverse("operation", args=[operation.pk])
        return format_html('<a href="{}">{}</a>', url, tags.when(operation.created_at))

    @admin.display(description="State", ordering="state")
    def state_badge(self, operation: Operation) -> str:
        """How it stands."""
        return tags.badge(operation.state, "operation", plain=True)

    @admin.display(description="Object")
    def object(self, operation: Operation) -> str:
        """What it made or changed."""
        return tags.copy_id(operation.object_id, short=True)

    @admin.display(description="Account", ordering="account_id")
    def account(self, operation: Operation) -> str:
        """Its name as it then was, else its id; and that it is gone."""
        name = texts.label(operation.account_name, operation.account_id)
        if not operation.account_id or operation.here:  # type: ignore[attr-defined]
            return name
        return format_html('{}<span class="second">no longer here</span>', isolated(name))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        """Each with whether its account is `here`, in the same query."""
        accounts = account_model().objects.filter(pk=OuterRef("account_id"), gone_at=None)
        return super().get_queryset(request).annotate(here=Exists(accounts))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the operation's page."""
        operation = plain_object(Operation, object_id)
        if operation is None:
            raise Http404(f"No operation {object_id}.")
        return HttpResponseRedirect(reverse("operation", args=[operation.pk]))
