"""Rows that are written once, and the audit trail."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NoReturn

from django.db import models
from django.db.models import Q

from console.people.models import User
from gateway.claims import Claimed, ClaimedQuerySet

ERASED = "audit.erased"  # the act that blanks personal parts


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


class AuditManager(models.Manager.from_queryset(AppendOnlyQuerySet)):  # type: ignore[misc]
    """Reads each row together with its personal part: no list asks for it row by row."""

    def get_queryset(self) -> Any:
        """The rows with their personal parts, by one join over the key of both."""
        return super().get_queryset().select_related("personal")


# Rows that no operation and no work session tells of: an account's timeline shows those two by themselves.
NOT_SHOWN_BY_ITSELF = ~Q(action__startswith="operation.") & ~Q(action__startswith="session.")


class AuditEntry(AppendOnly):
    """One change of state, in words a machine can count and a chain that shows a missing or altered row.

    `digest` is SHA-256 over the previous row's digest and this row's canonical JSON (console.record.audit). What is
    personal stands beside it (`personal`, an AuditPersonal), and the chain holds `personal_digest` alone, so that it
    can be erased. A row of the older form (1) holds everything itself, in the columns that are called plain here.
    Readers ask for `user_name`, `account_name`, `about`, `reason`, `ticket` and `detail`, which both forms have.
    """

    PLAIN, ERASABLE = 1, 2

    number = models.PositiveBigIntegerField(unique=True)  # 1, 2, 3 … without a gap
    at = models.DateTimeField()
    action = models.CharField(max_length=128)  # dotted: operation.succeeded, session.started, sign_in.failed …
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    plain_user_name = models.CharField(max_length=150, blank=True, db_column="user_name")
    account_id = models.CharField(max_length=255, blank=True)
    plain_account_name = models.CharField(max_length=255, blank=True, db_column="account_name")
    subject = models.CharField(max_length=255, blank=True)  # the id of what was acted on; "user #7" for a person
    operation = models.ForeignKey("Operation", null=True, on_delete=models.PROTECT, related_name="audit_entries")
    plain_reason = models.TextField(blank=True, db_column="reason")
    plain_ticket = models.CharField(max_length=64, blank=True, db_column="ticket")
    plain_detail = models.JSONField(default=dict, db_column="detail")  # never a secret, never a sensitive value
    previous_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    # An older release that still writes beside this one leaves both columns out: its rows are whole by themselves.
    form = models.PositiveSmallIntegerField(db_default=PLAIN)
    personal_digest = models.CharField(max_length=64, blank=True, db_default="")

    objects = AuditManager()

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
            models.Index(fields=["plain_ticket", "-number"], name="audit_ticket"),
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["account_id", "-at"], name="audit_elsewhere", condition=NOT_SHOWN_BY_ITSELF),
        )

    def __str__(self) -> str:
        """Its number and what was done."""
        return f"{self.number} {self.action}"

    @property
    def part(self) -> "AuditPersonal | None":
        """Its personal part, erased or not; None for a row of the older form."""
        return getattr(self, "personal", None)

    @property
    def erased(self) -> bool:
        """Whether its personal part was erased."""
        return self.part is not None and self.part.erased_in_id is not None

    @property
    def user_name(self) -> str:
        """Who did it, by the name as it then was; "" for the worker, for somebody unknown, and where it was erased."""
        return self.part.user_name if self.part else self.plain_user_name

    @property
    def account_name(self) -> str:
        """Whom it is about, by the name as it then was; "" where it was erased."""
        return self.part.account_name if self.part else self.plain_account_name

    @property
    def about(self) -> str:
        """What was acted on: in words where it is no id and was not erased, else the id."""
        return (self.part.subject if self.part else "") or self.subject

    @property
    def reason(self) -> str:
        """What staff wrote; "" where it was erased."""
        return self.part.reason if self.part else self.plain_reason

    @property
    def ticket(self) -> str:
        """What staff wrote; "" where it was erased."""
        return self.part.ticket if self.part else self.plain_ticket

    @property
    def detail(self) -> Any:
        """A dict of plain JSON: what the chain holds of it, and what is personal as long as it is there."""
        return {**self.plain_detail, **self.part.detail} if self.part else self.plain_detail


class PersonalQuerySet(AppendOnlyQuerySet):
    """Written once and blanked once."""

    def blank(self, numbers: Sequence[int], *, erased_in: int) -> int:
        """Erase the parts of these rows that are still there, in the act that row `erased_in` tells of. How many."""
        there = self.filter(pk__in=numbers, erased_in=None)
        return models.QuerySet.update(there, **AuditPersonal.BLANK, erased_in_id=erased_in)


class AuditPersonal(AppendOnly):
    """What is personal of one row of the trail, and the salt of its digest: 32 random bytes, as hexadecimal.

    It may be blanked once, salt included, and is never altered else: a trigger of the database holds it. Without the
    salt the digest that stays in the chain tells nothing, whatever is guessed.
    """

    BLANK: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("salt", "user_name", "account_name", "subject", "reason", "ticket"), ""),
        "detail": {},
    }

    entry = models.OneToOneField(
        AuditEntry, primary_key=True, to_field="number", db_column="number", on_delete=models.PROTECT,
        related_name="personal",
    )  # fmt: skip
    salt = models.CharField(max_length=64, blank=True)
    user_name = models.CharField(max_length=150, blank=True)
    account_name = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=255, blank=True)  # what was acted on, where it is no id
    reason = models.TextField(blank=True)
    ticket = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    erased_in = models.ForeignKey(
        AuditEntry, null=True, to_field="number", on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects = PersonalQuerySet.as_manager()

    class Meta:
        """Found by ticket, as rows of the older form are."""

        default_permissions = ("erase",)
        indexes = (models.Index(fields=["ticket", "-entry"], name="personal_ticket"),)

    def __str__(self) -> str:
        """The number of its row."""
        return f"{self.pk}"


class Erasure(Claimed):
    """One act of erasing: which rows' personal parts it blanks, and how far it has come. Its reason is in the trail."""

    class Kind(models.TextChoices):
        """What names the rows."""

        USER = "user", "a person of staff"
        ACCOUNT = "account", "an account"
        SUBJECT = "subject", "an object"

    waiting = Q(finished_at=None)
    task = "console.record.erasure.work"

    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(max_length=255)  # the person's number, the account's id, the object's id
    entry = models.OneToOneField(AuditEntry, to_field="number", on_delete=models.PROTECT, related_name="+")
    reached = models.PositiveBigIntegerField(default=0)  # the last row that was looked at
    blanked = models.PositiveBigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    objects = ClaimedQuerySet.as_manager()

    class Meta(Claimed.Meta):
        """Nobody adds or changes one but by the act."""

        default_permissions = ()
        indexes = (
            *Claimed.Meta.indexes,
            models.Index(fields=["next_try_at"], name="erasure_due", condition=Q(finished_at=None)),
        )

    def __str__(self) -> str:
        """What it erases."""
        return f"{self.get_kind_display()} {self.key}"


ERASING = Q(action=ERASED)


def selections(kind: str, key: str) -> tuple[Q, ...]:
    """The rows about a person of staff (what they did, what was done to them), an account or an object.

    Each way has an index of its own. An act of erasing keeps its reason, unless it is its own person who is erased.
    """
    if kind == Erasure.Kind.USER:
        return (Q(user_id=key), Q(subject=person_subject(key)) & ~ERASING)
    return ((Q(account_id=key) if kind == Erasure.Kind.ACCOUNT else Q(subject=key)) & ~ERASING,)


def person_subject(user_id: object) -> str:
    """How a row names the person whom it is about: no username has a blank or this sign."""
    return f"user #{user_id}"
