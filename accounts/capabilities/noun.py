"""What the shell may ask about capabilities."""

from accounts.capabilities.models import Capability
from console.shell.badges import absent, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import Noun

NOUN = Noun(
    model=Capability,
    event_types=("capability.updated",),
    roles={"viewer": ("accounts.view_capability",)},
    badges={
        "capability": {
            "active": ok("Active"),
            "inactive": off("Inactive"),
            "pending": waits("Pending"),
            "unrequested": absent("Not requested"),
            "disabled": no("Disabled"),
        }
    },
    rules={"capabilities": f"{DOCS}/connect/account-capabilities"},
)
