"""What bulk runs add to the shell."""

from console.bulk.control import CONTROLS
from console.shell.nouns import Noun

NOUN = Noun(roles={"viewer": ("console.view_bulkrun",), "administrator": (CONTROLS,)})
