"""What of a row of the audit trail is personal, and the digest that stands for it in the chain. Pure.

Names, reasons, tickets and what is about a person in the detail can be erased; ids, moments, acts and what machines
count stay, for the law asks for them.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

SALT_BYTES = 32
PARTS = ("user_name", "account_name", "subject", "reason", "ticket", "detail")
# What names no person by itself: Stripe's ids, this console's numbers, "user #7".
AN_ID = re.compile(
    r"[a-z]{2,12}_[A-Za-z0-9_.]+|[0-9]{1,18}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|user #[0-9]{1,18}"
    r"|[a-z]+\.[a-z]+"  # a list, "issuing.card"
)
# Of the detail, what machines wrote and what later rows, seals and searches are compared with. All else is personal.
KEPT = frozenset(
    (
        *("accesses", "sha256", "marks", "lines", "check", "file"),  # seals and heads
        *("verb", "via", "request_id", "error_code", "type", "was", "tries"),  # operations and events
        *("mode", "from", "to", "category", "end", "role", "is_active", "tokens"),  # sessions and roles
        *("kind", "key", "rows"),  # erasures, jobs, bulk runs
        *(
            "digest",
            "policy",
            "until",
            "brake",
            "scope",
            "target",
            "urgent",
            "list",
            "format",
        ),  # approvals, brakes, exports
    )
)


def split(detail: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the chain holds of a detail, and what is personal of it."""
    return {name: detail[name] for name in detail if name in KEPT}, {
        name: detail[name] for name in detail if name not in KEPT
    }


def new_salt() -> str:
    """32 random bytes, as hexadecimal: without it nobody can try names against a digest."""
    return secrets.token_hex(SALT_BYTES)


def digest(salt: str, part: tuple[Any, ...]) -> str:
    """SHA-256 over the salt and the personal part (in the order of PARTS) as canonical JSON."""
    text = json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(salt.encode() + text.encode("utf-8", "surrogatepass")).hexdigest()
