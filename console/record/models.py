"""Rows that are written once, and the audit trail."""

from collections.abc import Iterable
from typing import Any, NoReturn

from django.db import models

from console.people.models import User


class AppendOnly(models.Model):
    """A row that is written once: saving again, updating or deleting raises."""

    class Meta:
        """Abstract."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a second save raises TypeError."""
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise TypeError: rows are never deleted."""
        raise TypeError(f"{type(self).__name__} is append-only")


class AppendOnlyQuerySet(models.QuerySet):
    """Refuses update and delete; a database trigger refuses them below the ORM as well."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Raise TypeError."""
        raise TypeError(f"{self.model.__name__} is append-only")

    def delete(self) -> NoReturn:
        """Raise TypeError."""
        raise TypeError(f"{self.model.__name__} is append-only")

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> NoReturn:
        """Raise TypeError."""
        raise TypeError(f"{self.model.__name__} is append-only")


class AuditEntry(AppendOnly):
    """One change of state, in words a machine can count and a chain that shows a missing or altered row.

    `digest` is SHA-256 over the previous row's digest and this row's canonical JSON (console.record.audit).
    """

    number = models.PositiveBigIntegerField(unique=True)  # 1, 2, 3 … without a gap
    at = models.DateTimeField()
    action = models.CharField(max_length=128)  # dotted: operation.succeeded, session.started, sign_in.failed …
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    user_name = models.CharField(max_length=150, blank=True)
    account_id = models.CharField(max_length=255, blank=True)
    account_name = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=255, blank=True)  # the id of what was acted on
    operation = models.ForeignKey("Operation", null=True, on_delete=models.PROTECT, related_name="audit_entries")
    reason = models.TextField(blank=True)
    ticket = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)  # never a secret, never a sensitive value
    previous_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        """Read newest first."""

        ordering = ("-number",)
        verbose_name_plural = "audit entries"
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["account_id", "-number"], name="audit_account"),
            models.Index(fields=["user", "-number"], name="audit_user"),
            models.Index(fields=["action", "-number"], name="audit_action"),
            models.Index(fields=["subject", "-number"], name="audit_subject"),
            models.Index(fields=["ticket", "-number"], name="audit_ticket"),
            models.Index(fields=["at"], name="audit_at"),
        )

    def __str__(self) -> str:
        """Its number and what was done."""
        return f"{self.number} {self.action}"
