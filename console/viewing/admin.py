"""The lists of work sessions and of the pages that were opened in them."""

from django.contrib import admin

from console.lists.admin import RecordAdmin
from console.viewing.models import AccessEntry, WorkSession


@admin.register(AccessEntry)
class AccessEntryAdmin(RecordAdmin):
    """Pages opened while viewing as an account."""

    list_display = ("at", "user", "account_id", "kind", "path", "work_session_id")
    list_filter = ("kind", "user")
    list_select_related = ("user",)
    search_fields = ("=account_id", "path")
    date_hierarchy = "at"


@admin.register(WorkSession)
class WorkSessionAdmin(RecordAdmin):
    """Who viewed as which account, why, and how it ended."""

    list_display = ("started_at", "user", "account_id", "account_name", "category", "mode", "ticket", "ended_at", "end")
    list_filter = ("mode", "category", "end", "user")
    written = ("reason", "ticket")
    list_select_related = ("user",)
    search_fields = ("=account_id", "account_name", "=ticket", "reason")
    exclude = ("session_key",)
    date_hierarchy = "started_at"
