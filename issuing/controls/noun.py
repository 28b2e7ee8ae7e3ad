"""What the shell may ask about spending controls."""

from console.shell.links import DOCS
from console.shell.nouns import Noun
from issuing.controls.verbs import UpdateCard

NOUN = Noun(
    verbs=(UpdateCard,),
    roles={"operator": ("issuing.update_card",)},
    rules={"spending_controls": f"{DOCS}/issuing/controls/spending-controls"},
)
