"""What the shell may ask about onboarding."""

from accounts.onboarding.verbs.create_account_link import CreateAccountLink
from accounts.onboarding.verbs.fill_test_values import FillTestValues
from console.shell.badges import Badge, off, ok
from console.shell.links import DOCS
from console.shell.nouns import Noun

NOUN = Noun(
    verbs=(CreateAccountLink, FillTestValues),
    roles={
        "operator": ("accounts.create_account_link", "accounts.fill_test_values"),
        "administrator": ("accounts.show_account_link",),
    },
    badges={"link": {"open": Badge("clock", "Open", "info"), "used": ok("Used"), "expired": off("Ran out unused")}},
    rules={
        "account_links": f"{DOCS}/api/account_links",
        "hosted_onboarding": f"{DOCS}/connect/hosted-onboarding",
        "test_verification": f"{DOCS}/connect/testing-verification",
    },
)
