"""What the shell may ask about the incident switch."""

from accounts.account.models import Account
from console.shell.nouns import ListAction, MenuEntry, Noun
from issuing.incident.pages import FREEZES, of_accounts

NOUN = Noun(
    menu=(MenuEntry(label="Incident", url="incident", icon="incident", permission=FREEZES, order=60),),
    list_actions=(
        ListAction(
            name="issuing.freeze_all_cards",
            label="Freeze all cards",
            model=Account,
            answer=of_accounts,
            permission=FREEZES,
        ),
    ),
)
