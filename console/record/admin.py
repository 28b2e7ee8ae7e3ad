"""The list of the audit trail."""

from django.contrib import admin
from django.http import HttpRequest

from console.lists.admin import RecordAdmin
from console.operations import verbs
from console.people import masking
from console.people.signed_in import PERSONAL, staff
from console.record.models import AuditEntry
from console.templatetags import console as tags


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    """The audit trail, newest first."""

    list_display = ("number", "at", "action", "user_name", "account", "subject", "ticket", "reason")
    list_filter = ("action", "user")
    written = ("reason", "ticket")
    search_fields = ("=account_id", "=subject", "=ticket", "=operation__id", "reason")
    date_hierarchy = "at"

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AuditEntry | None:
        """The row, to look at: its detail may quote what its operation was given."""
        row: AuditEntry | None = super().get_object(request, object_id, from_field)
        if row:
            row.detail = _mask_of(row, may_see=staff(request).has_perm(PERSONAL)).data(row.detail)
        return row

    @admin.display(description="Account", ordering="account_id")
    def account(self, entry: AuditEntry) -> str:
        """Its id, shortened; copying gives the whole."""
        return tags.copy_id(entry.account_id, short=True)


def _mask_of(row: AuditEntry, *, may_see: bool) -> masking.Mask:
    operation = None if may_see else row.operation
    if operation is None:
        return masking.Mask(may_see)
    return masking.of_operation(operation, verbs.find(operation.verb), may_see=may_see)
