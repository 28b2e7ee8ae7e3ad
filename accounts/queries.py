"""Questions about accounts, by name."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from accounts import status as statuses
from accounts.history import Requirement
from gateway import clock
from gateway.shapes import texts_at

if TYPE_CHECKING:
    from accounts.models import Account

COUNTED = 10_000  # tabs count no further than this


class AccountQuerySet(models.QuerySet["Account"]):
    """Questions about accounts, by name."""

    def with_status(self, name: str) -> Self:
        """Those whose overall badge is `name`."""
        return self.filter(overall_status=name)

    def with_issuing(self, name: str) -> Self:
        """Those whose Issuing badge is `name`: the capability's own, or the account's where that has not arrived."""
        own = Q(card_issuing__badge=name, card_issuing__gone_at=None)
        arriving = Q(card_issuing__badge=None) | Q(card_issuing__badge="")
        return self.filter(own | Q(arriving, issuing_status=name))

    def needing_attention(self) -> Self:
        """Those for which somebody has to do something (accounts.requirements.Rule), soonest first."""
        soonest = models.F("due_at").asc(nulls_last=True)
        return self.filter(needs_attention=True, gone_at=None).order_by("-overdue", soonest, "-created")

    def due_by(self, at: datetime) -> Self:
        """Those with a deadline until then, or one that has passed."""
        return self.filter(Q(due_at__lte=at) | Q(overdue=True), gone_at=None)

    def search(self, text: str, *, personal: bool = False) -> Self:
        """By id, or a part of a name; of the e-mail address too for those who may see it (`personal`)."""
        if text.startswith("acct_"):
            return self.filter(id__startswith=text)
        found = Q(name__icontains=text) | Q(legal_name__icontains=text)
        return self.filter(found | Q(email__icontains=text) if personal else found)

    def with_capability(self) -> Self:
        """Each with the capability that its Issuing badge is read from, in the same query."""
        return self.select_related("card_issuing")

    def count_by_status(self) -> dict[str, int]:
        """How many have each overall badge, counted up to COUNTED. One short query each."""
        return {name: self.with_status(name).order_by()[:COUNTED].count() for name in statuses.OVERALL}


def left_at(accounts: "Iterable[Account]") -> None:
    """Give each account `left_at`: when its first deadline is, or was where keys are past due since. One query."""
    rows = list(accounts)
    late = [row.pk for row in rows if row.needs_attention]
    passed = Requirement.objects.passed_deadlines(late) if late else {}
    for row in rows:
        past_due = texts_at(row.data, "requirements.past_due")
        over = [at for at in (clock.from_unix(passed.get((row.pk, key))) for key in past_due) if at]
        row.left_at = min([*over, *([row.due_at] if row.due_at else [])], default=None)  # type: ignore[attr-defined]
