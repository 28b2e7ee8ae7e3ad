"""Accounts that events name and the mirror lacks: read with the platform's key, many at once, and found ours or not.

New accounts stand first in the platform's list, so that one page of it may tell of a hundred; what the pages do not
show is read by itself.
"""

import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from gateway import client, mirror, reading
from gateway.errors import NOT_SENT, Refused, Unreachable
from gateway.models import Binding

LISTED = 10  # so many of a page must be wanted for it to be cheaper than as many reads at once
LIST = "/v1/accounts"
Why = Refused | Unreachable | reading.NotAsked


def read_missing(accounts: Iterable[str], end: float) -> dict[str, Why | None]:
    """Read and absorb these accounts; for each None, or why it is not absorbed: Refused where it is not ours.

    The platform's own account, which its key reads too (docs.stripe.com/api/accounts/retrieve), is not. What is not
    begun by `end` (monotonic seconds) is NotAsked. One call for each, or fewer.
    """
    wanted = dict.fromkeys(sorted(accounts))
    outcome: dict[str, Why | None] = {}
    for own in Binding.objects.filter(platform_account__in=wanted).values_list("platform_account", flat=True):
        outcome[own] = Refused("This is the platform's own account, no connected one.", code=NOT_SENT, status=404)
    left = [account for account in wanted if account not in outcome]
    found = _listed(set(left), end)
    single = [account for account in left if account not in found]
    for account, answer in zip(single, reading.at_once([partial(_read, each) for each in single], end), strict=True):
        if isinstance(answer, reading.Read):
            found[account] = answer
        else:
            outcome[account] = answer
    return outcome | _absorbed(list(found.values()))


def _listed(wanted: set[str], end: float) -> dict[str, reading.Read]:
    """Those that the newest pages of the platform's list show, page by page while that is worth a call."""
    found: dict[str, reading.Read] = {}
    if len(wanted) < LISTED:
        return found
    try:
        for page in client.pages(LIST, account=None):
            shown = {data.get("id"): data for data in page.data["data"]}
            new = shown.keys() & wanted - found.keys()
            found |= {account: _seen(account, shown[account], page.sent_at) for account in new}
            if len(new) < LISTED or len(wanted) - len(found) < LISTED or time.monotonic() >= end:
                break
    except (Refused, Unreachable):
        return found  # what remains is asked for by itself, and says why not
    return found


def _read(account: str) -> reading.Read:
    path, header = mirror.account_model().fetch_path(account, account)
    answer = client.get(path, account=header)
    return _seen(account, answer.data, answer.sent_at)


def _seen(account: str, data: dict[str, Any], sent_at: int) -> reading.Read:
    return reading.Read(account, account, mirror.kept(mirror.account_model(), data), sent_at, revision=0)


def _absorbed(reads: list[reading.Read]) -> dict[str, Why | None]:
    """Write them together; one that was written meanwhile, or is back, is read once more."""
    outcome: dict[str, Why | None] = {read.row_id: None for read in reads}
    for read in reading.write(mirror.account_model(), reads) if reads else ():
        try:
            mirror.fetch_row(mirror.account_model(), read.row_id, read.account)
        except (Refused, Unreachable) as failure:
            outcome[read.row_id] = failure
    return outcome
