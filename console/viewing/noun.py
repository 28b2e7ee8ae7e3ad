"""What viewing as an account adds to the shell."""

from console.shell.badges import Badge
from console.shell.nouns import MenuEntry, Noun

NOUN = Noun(
    roles={
        "support": ("console.view_as",),
        "operator": ("console.view_accessentry", "console.view_worksession", "console.work_as"),
    },
    menu=(
        MenuEntry(
            label="Work sessions",
            url="admin:console_worksession_changelist",
            icon="key",
            section="Staff",
            permission="console.view_worksession",
            order=10,
        ),
        MenuEntry(
            label="Pages opened",
            url="admin:console_accessentry_changelist",
            icon="eye",
            section="Staff",
            permission="console.view_accessentry",
            order=15,
        ),
    ),
    badges={"session": {"look": Badge("lock", "Look", "info"), "work": Badge("pen", "Work", "warn")}},
)
