"""What the audit trail adds to the shell."""

import re
from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse

from console.record import erasure, heads, words
from console.record.models import AuditEntry
from console.shell import formats
from console.shell.nouns import Found, MenuEntry, Noun, Search

DIGEST = re.compile(r"[0-9a-f]{64}")


def find(request: HttpRequest, asked: str) -> Iterable[Found]:
    """The row of the trail with a digest; other words cost no query."""
    for row in AuditEntry.objects.filter(digest=asked) if DIGEST.fullmatch(asked) else ():
        url = reverse("admin:console_auditentry_change", args=[row.pk])
        yield Found(label=f"Row {row.number:,}: {words.said_of(row)}", url=url, detail=formats.minute(row.at))


NOUN = Noun(
    roles={"operator": ("console.view_auditentry",), "administrator": (erasure.ERASES,)},
    mails=(heads.HEAD_MAIL,),
    searches=(Search(title="Audit", find=find, permission="console.view_auditentry", order=98),),
    menu=(
        MenuEntry(
            label="Audit",
            url="admin:console_auditentry_changelist",
            icon="shield",
            section="Staff",
            permission="console.view_auditentry",
            order=30,
        ),
    ),
)
