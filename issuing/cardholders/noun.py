"""What cardholders add to the shell."""

from collections.abc import Iterable

from django.http import HttpRequest

from accounts.requirements.models import HOLDER
from console.people.signed_in import PERSONAL, staff
from console.shell import formats
from console.shell.registry import COUNTED, Found, Need
from issuing.base import COUNTED
from issuing.cardholders.models import Cardholder
from issuing.cards.noun import FOUND


def held_up(request: HttpRequest, most: int) -> list[Need]:
    """Cardholders of whom Stripe asks something, longest first. One query."""
    return [
        Need(
            title=f"{holder}: something is past due",
            why="Every purchase with this cardholder’s cards is declined until it is provided",
            url=holder.get_absolute_url(),
            move=HOLDER,
            start=holder.created,
            account_id=str(holder.account_id),
            account_name=str(holder.account or ""),
        )
        for holder in Cardholder.objects.needing_attention().select_related("account").order_by("created")[:most]
    ]


def count_held_up() -> int:
    """How many, up to COUNTED. One query."""
    return int(Cardholder.objects.needing_attention().order_by()[:COUNTED].count())


def find_cardholders(request: HttpRequest, asked: str) -> Iterable[Found]:
    """Cardholders by name or (for those who may see it) e-mail: ten at most, one query."""
    personal = staff(request).has_perm(PERSONAL)
    for row in Cardholder.objects.search(asked[:255], personal=personal).select_related("account")[:FOUND]:
        detail = " · ".join(filter(None, (formats.plain(row.status), str(row.account or ""))))
        yield Found(label=str(row), url=row.get_absolute_url(), detail=detail, id=row.pk)
