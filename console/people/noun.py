"""What staff and their roles add to the shell."""

from console.people.notices import SIGN_IN_CHANGED
from console.shell.badges import off, ok
from console.shell.nouns import MenuEntry, Noun

NOUN = Noun(
    roles={
        "support": ("console.make_token",),
        "operator": ("console.use_commands",),
        "administrator": ("console.add_user", "console.change_user", "console.view_user"),
    },
    menu=(
        MenuEntry(
            label="People and roles",
            url="staff",
            icon="people",
            section="Staff",
            permission="console.view_user",
            order=20,
        ),
    ),
    mails=(SIGN_IN_CHANGED,),
    badges={"staff": {"active": ok("Active"), "disabled": off("Disabled")}},
)
