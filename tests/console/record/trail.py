"""A trail to look at: rows of both forms, and what somebody with the database in hand might do to them."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from console.people.models import User
from console.record import audit
from console.record.models import AuditEntry


def alter(sql: str, *values: Any) -> None:
    """Run SQL below the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def delete(where: str = "number > 0") -> None:
    """Rows with their personal parts, as the database would not let anybody."""
    for table in ("console_auditpersonal", "console_auditentry"):
        alter(f"DELETE FROM {table} WHERE {where}")


def record(number: int = 1, **told: Any) -> list[AuditEntry]:
    """Some rows, each with a subject and a detail of its own."""
    with transaction.atomic():
        return [audit.record("test.done", **{"subject": f"s{each}", **told}) for each in range(number)]


def older(number: int = 1, *, user: User | None = None, **told: Any) -> list[AuditEntry]:
    """Rows as releases wrote them before personal parts stood beside the chain."""
    made = []
    for _ in range(number):
        last = AuditEntry.objects.order_by("-number").first()
        row = AuditEntry(
            number=last.number + 1 if last else 1,
            at=timezone.now(),
            action="test.done",
            user=user,
            plain_user_name=user.get_username() if user else "",
            form=AuditEntry.PLAIN,
            previous_digest=last.digest if last else audit.START,
            **{"plain_reason": "Because of Marta", "plain_detail": {"verb": "test.do"}, **told},
        )
        row.digest = audit.digest(row.previous_digest, tuple(getattr(row, name) for name in audit.COLUMNS))
        row.save(force_insert=True)
        made.append(row)
    return made
