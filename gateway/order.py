"""What a mirror row becomes when Stripe's messages arrive late, twice, shuffled or not at all. Pure functions.

Each row says with `as_of`, a whole second of Stripe's clock: nothing before this second is missing. Stripe orders
nothing finer: two changes of one second carry the same `created`, and only a fetch shows which came last.

Snapshots are compared by Stripe's own clock alone, answers by the row's `revision`; a list page, which knows no
revision, does not replace what was written within DOUBT of it. So clocks that differ cost a call, never a wrong row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Seconds that a list page may be older than it seems: our estimates of Stripe's clock, and the longest call.
DOUBT = 60


@dataclass(frozen=True)
class Row:
    """A mirror row before the message: `data` is None for a stub."""

    data: dict[str, Any] | None = None
    as_of: int = 0
    revision: int = 0
    gone: bool = False


@dataclass(frozen=True)
class Snapshot:
    """An object as one event shows it. `whole` is False when it must not be absorbed; `deletes` ends the object,
    `returns` says that it is there (again).
    """

    data: dict[str, Any]
    created: int
    whole: bool = True
    deletes: bool = False
    returns: bool = False


@dataclass(frozen=True)
class Write:
    """The row becomes this; `gone_at` is a second of Stripe's clock where the object has ended; `back`: it has not."""

    data: dict[str, Any] | None
    as_of: int
    gone_at: int | None = None
    back: bool = False


class Fetch:
    """Only Stripe can tell: ask, then `after_fetch`."""


class Keep:
    """The row stays as it is."""


FETCH, KEEP = Fetch(), Keep()


def newest(snapshots: Sequence[Snapshot]) -> int:
    """The second of the latest snapshot."""
    return max(snapshot.created for snapshot in snapshots)


def after_events(row: Row, snapshots: Sequence[Snapshot]) -> Write | Fetch | Keep:
    """Fold all waiting snapshots of one object into its row.

    The row is written even when its data stay the same: by the new revision a fetch that is under way sees that its
    answer may be older.
    """
    if any(snapshot.returns for snapshot in snapshots):
        return FETCH
    if row.gone:
        return _shown_late(row, snapshots)
    endings = [snapshot for snapshot in snapshots if snapshot.deletes]
    if endings:
        return _ended(row, max(endings, key=lambda ending: ending.created), newest(snapshots))
    second = newest(snapshots)
    last = [snapshot for snapshot in snapshots if snapshot.created == second]
    data = last[0].data
    if not all(snapshot.whole and snapshot.data == data for snapshot in last):
        return FETCH
    if second > row.as_of or data == row.data:
        return Write(data, max(second, row.as_of))
    return FETCH


def _shown_late(row: Row, snapshots: Sequence[Snapshot]) -> Write | Keep:
    """A row that is gone and has no data takes the last data that events show; any other stays as it is."""
    whole = [snapshot for snapshot in snapshots if snapshot.whole and not snapshot.data.get("deleted")]
    if row.data is not None or not whole:
        return KEEP
    last = max(whole, key=lambda snapshot: snapshot.created)
    return Write(last.data, max(last.created, row.as_of))


def _ended(row: Row, ending: Snapshot, second: int) -> Write:
    """The row of an object that ended keeps its last data: the ending's, if it shows the object and is not older."""
    shows = ending.whole and not ending.data.get("deleted")
    data = ending.data if shows and (row.data is None or ending.created >= row.as_of) else row.data
    return Write(data, max(second, row.as_of), gone_at=ending.created)


def after_fetch(
    row: Row, revision_before: int, data: dict[str, Any] | None, sent_at: int, settles: int = 0
) -> Write | Fetch | Keep:
    """Absorb the answer to a fetch that was sent when the row had `revision_before`, if it still has it.

    `data` None: Stripe no longer has the object. A gone object that Stripe serves again is back.
    `settles`: the newest second of the events that made us fetch.
    """
    if row.gone and data is None:
        return KEEP
    if row.revision != revision_before:
        return FETCH
    as_of = max(row.as_of, sent_at, settles)
    return Write(row.data, as_of, gone_at=sent_at) if data is None else Write(data, as_of, back=row.gone)


def after_answer(
    row: Row, data: dict[str, Any] | None, sent_at: int, *, revision_before: int | None = None, replayed: bool = False
) -> Write | Fetch | Keep:
    """Absorb an object out of a list page, or the answer to a write of ours; `data` None: deleted.

    `revision_before` is the row's revision before the call, None where it was not known which row. A replayed answer
    shows an old state and is never absorbed. Only a fetch brings back what was gone.
    """
    if row.gone:
        return KEEP if data is None else FETCH
    as_of = max(row.as_of, sent_at)
    if data is None:
        return Write(row.data, as_of, gone_at=sent_at)
    if replayed:
        return FETCH
    if revision_before is not None:
        return after_fetch(row, revision_before, data, sent_at)
    if row.revision == 0 or data == row.data or row.as_of + DOUBT < sent_at:
        return Write(data, as_of)
    return FETCH
