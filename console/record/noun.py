"""What the audit trail adds to the shell."""

from console.record import erasure, heads
from console.shell.nouns import MenuEntry, Noun

NOUN = Noun(
    roles={"operator": ("console.view_auditentry",), "administrator": (erasure.ERASES,)},
    mails=(heads.HEAD_MAIL,),
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
