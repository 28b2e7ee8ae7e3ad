"""JSON as Stripe sends it, in answers and to endpoints: indented by two.

So a receiver that parses a webhook and writes it out again before it verifies the signature fails here too.
"""

import json
import re
from typing import Any


def indented(data: Any) -> str:
    """The JSON text of `data` on many lines."""
    return json.dumps(data, indent=2)


def on_one_line(text: str) -> str:
    """The same JSON for a file of lines; no string in it has a line end of its own."""
    return re.sub(r"\n *", "", text)
