"""What the shell may ask about external accounts."""

from accounts.external_accounts.models import ExternalAccount
from console.shell.badges import no, off, ok
from console.shell.nouns import Noun, account_tab

NOUN = Noun(
    model=ExternalAccount,
    event_types=(
        "account.external_account.created",
        "account.external_account.deleted",
        "account.external_account.updated",
    ),
    personal=("account_holder_name", "metadata"),
    badges={
        "external_account": {
            "new": off("New"),
            "validated": ok("Validated"),
            "verified": ok("Verified"),
            "verification_failed": no("Verification failed"),
            "tokenized_account_number_deactivated": off("Deactivated"),
            "errored": no("Errored"),
        }
    },
    page_of={"ba_": account_tab(ExternalAccount, "external_accounts")},
    dashboard=(("ba_", "connect/accounts/{account}"),),
)
