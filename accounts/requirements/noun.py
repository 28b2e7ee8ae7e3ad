"""What the shell may ask about requirements."""

from console.shell.badges import bad, off, ok, soon, waits
from console.shell.links import DOCS
from console.shell.nouns import Noun

NOUN = Noun(
    roles={"viewer": ("accounts.view_requirement",)},
    badges={
        "requirement": {
            "past_due": bad("Past due"),
            "currently_due": soon("Currently due"),
            "faulty": bad("Fault found"),
            "eventually_due": off("Eventually due"),
            "pending_verification": waits("Pending verification"),
            "alternative": off("Alternative"),
            "met": ok("Met"),
        }
    },
    rules={
        "actions_required": f"{DOCS}/connect/dashboard/review-actionable-accounts",
        "required_information": f"{DOCS}/connect/required-verification-information",
    },
)
