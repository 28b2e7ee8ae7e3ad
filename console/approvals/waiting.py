"""What waits for a second person, as other pages tell of it: a notice above an object, or above a verb's form."""

from typing import Any

from django.http import HttpRequest

from console.approvals.models import Approval
from console.operations import verbs
from console.people.signed_in import staff

MOST = 5  # notices on one page
SEES = "console.view_approval"


def notices(request: HttpRequest, account_id: str, object_id: str = "", verb: str = "") -> list[dict[str, Any]]:
    """What waits about this object, else about anything of the account; of one verb alone. One query, or none."""
    if not account_id or not staff(request).has_perm(SEES):
        return []
    found = Approval.objects.waiting_for(account_id, object_id)
    rows = found.filter(operation__verb=verb) if verb else found
    return [{"approval": each, "label": _label(each)} for each in rows[:MOST]]


def _label(approval: Approval) -> str:
    verb = verbs.find(approval.operation.verb)
    return verb.label if verb else approval.operation.verb
