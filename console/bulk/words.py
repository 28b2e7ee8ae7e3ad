"""What a row's outcome is called, and how the page of a run gathers them."""

from console.bulk.models import BulkRow
from console.operations.models import Operation

# Of the run's page: word, the outcomes that it gathers, its tone in the bar ("" for what waits), its icon.
TABS: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "done": ("Done", (Operation.State.SUCCEEDED,), "ok", "check"),
    "refused": ("Refused", (Operation.State.REFUSED, Operation.State.NOT_APPROVED), "bad", "crossed"),
    "approval": ("Waiting for approval", (Operation.State.AWAITING,), "", "clock"),
    "denied": ("Not possible", (BulkRow.State.DENIED,), "bad", "triangle"),
    "wrong": ("Wrong in the file", (BulkRow.State.BAD,), "mute", "triangle"),
    "unknown": (
        "Unknown",
        (Operation.State.UNKNOWN, Operation.State.NOT_FOUND, Operation.State.DROPPED),
        "warn",
        "ring",
    ),
    "left": ("Left out", (BulkRow.State.LEFT_OUT,), "mute", "dash"),
    "under_way": ("Under way", (BulkRow.State.GIVEN, Operation.State.INTENT, Operation.State.SENDING), "", "hourglass"),
    "waiting": ("Waiting", (BulkRow.State.WAITING,), "", "clock"),
}
