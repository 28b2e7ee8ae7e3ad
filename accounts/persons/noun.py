"""What the shell may ask about persons."""

from accounts.persons.models import Person
from console.shell.badges import bad, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import Noun, account_tab
from gateway.nouns import EVERYTHING

NOUN = Noun(
    model=Person,
    event_types=("person.created", "person.deleted", "person.updated"),
    personal=EVERYTHING,
    roles={"viewer": ("accounts.view_person",)},
    badges={
        "person": {"removed": off("Removed")},
        "verification": {"verified": ok("Verified"), "unverified": bad("Unverified"), "pending": waits("Pending")},
    },
    rules={
        "persons": f"{DOCS}/api/persons",
        "verification": f"{DOCS}/connect/handling-api-verification",
        "verification_updates": f"{DOCS}/connect/handle-verification-updates",
    },
    page_of={"person_": account_tab(Person, "persons")},
    dashboard=(("person_", "connect/accounts/{account}"),),
)
