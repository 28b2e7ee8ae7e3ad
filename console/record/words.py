"""What the audit trail and the record of a work session say, in words."""

from console.operations import verbs
from console.record.models import AuditEntry
from console.shell import nouns
from gateway import copied

ACTIONS = {
    "access.refused": "Was refused what belongs to another account",
    "audit.erased": "Erased names and words from the trail",
    "approval.approved": "Approved what somebody else asked for",
    "approval.asked": "Asked for a second person",
    "approval.denied": "Was denied a decision about what somebody asked for",
    "approval.expired": "Not decided in time",
    "approval.refused": "Refused what somebody else asked for",
    "approval.void": "Void: something had changed",
    "approval.withdrawn": "Withdrew what they had asked for",
    "audit.head_noted": "Noted the head of the trail",
    "brake.lift_asked": "Asked to lift a brake",
    "brake.lift_withdrawn": "Withdrew the request to lift a brake",
    "brake.lifted": "Lifted a brake",
    "brake.set": "Set a brake",
    "bulk.begun": "Began a bulk run",
    "bulk.resumed": "Resumed a bulk run",
    "bulk.retried": "Tried the failed rows of a bulk run again",
    "bulk.seen_to": "Saw to a bulk run",
    "bulk.stopped": "Stopped a bulk run",
    "event.replayed": "Replayed an event",
    "event.unmasked": "Read an event unmasked",
    "export.begun": "Began to export a list",
    "export.broken_off": "Broke off an export",
    "export.downloaded": "Downloaded an export",
    "export.made": "Exported a list",
    "job.begun": "Began a job",
    "job.cancelled": "Cancelled a job",
    "job.dropped": "Dropped a failed job",
    "job.failed": "A job failed",
    "job.file_removed": "Removed the file of a job",
    "job.resumed": "Resumed a job",
    "job.succeeded": "A job succeeded",
    "mail.dropped": "Dropped a mail",
    "mail.queued": "Sent a mail by a command",
    "mail.sent_again": "Sent a mail again",
    "mail.settled_as_sent": "Found that a mail was sent",
    "operation.braked": "Put off for a brake",
    "operation.denied": "Was denied",
    "operation.dropped": "Dropped",
    "operation.intended": "Intended",
    "operation.not_found": "Not found at Stripe",
    "operation.parked": "Left open for a person",
    "operation.refused": "Refused by Stripe",
    "operation.succeeded": "Succeeded",
    "operation.unknown": "Outcome unknown",
    "session.ended": "Ended a work session",
    "session.mode_changed": "Switched the mode of a work session",
    "session.started": "Started a work session",
    "sign_in.failed": "Failed to sign in",
    "sign_in.locked": "Locked the sign-in by wrong guesses",
    "sign_in.succeeded": "Signed in",
    "sign_out": "Signed out",
    "token.created": "Made a token",
    "token.revoked": "Revoked a token",
    "user.changed": "Changed a person",
    "user.created": "Added a person",
    "user.mail_changed": "Changed what they are mailed",
    "user.password_changed": "Changed their password",
    "user.password_locked": "Locked their password change by wrong guesses",
    "user.password_set": "Set a person’s password",
    "user.password_wrong": "Guessed the current password wrong",
    "user.signed_out": "Signed a person out",
}
OF_A_VERB = ("approval.", "operation.")


def action(name: str, verb: object = "") -> str:
    """What was done: "Freeze card: Succeeded"; an action that is not known as it came."""
    known = ACTIONS.get(name, name)
    return f"{label(verb)}: {known}" if name.startswith(OF_A_VERB) and isinstance(verb, str) and verb else known


def verb_of(entry: AuditEntry) -> str:
    """The verb that a row speaks of, or ""."""
    detail = entry.plain_detail
    verb = detail.get("verb") if isinstance(detail, dict) else ""
    return verb if isinstance(verb, str) else ""


def said_of(row: AuditEntry) -> str:
    """What a row of the trail says was done, with its verb."""
    return action(row.action, verb_of(row))


def label(name: str) -> str:
    """A verb's label, its name where there is no such verb any more."""
    verb = verbs.find(name)
    return verb.label if verb else name


def actions_meant(words: str) -> list[str]:
    """The actions that somebody means by these words."""
    word = words.casefold()
    return [name for name, said in ACTIONS.items() if word in name or word in said.casefold()]


def opened(path: str, kind: str = "page") -> str:
    """What somebody opened, by the address of a page of an account."""
    parts = path.split("/")[2:]
    if kind == "link_out":
        return "Left for Stripe’s Dashboard"
    if kind == "refused":
        return "Was refused a form drawn for another account"
    if parts[:1] == ["out"]:
        return "Followed a link to Stripe’s Dashboard"
    if parts[:1] == ["exports"]:
        return "Exported a list"
    if parts[-1:] == ["mode"]:
        return "Asked to switch the mode"
    if parts[-2:-1] == ["do"]:
        return f"Opened the form “{label(parts[-1])}”"
    place = "/".join(parts)
    tab = max((tab for tab in nouns.tabs() if f"{place}/".startswith(f"{tab.path}/")), key=_length, default=None)
    if tab is None:
        return "Opened a page"
    return f"Opened {tab.label}" if place == tab.path else f"Opened one of the {tab.label.lower()}"


def _length(tab: nouns.Tab) -> int:
    return len(tab.path)


def object_in(path: str) -> str:
    """The id in the address of a page of one object of an account, or ""."""
    found = (part for part in path.split("/")[2:] if copied.AN_ID.fullmatch(part) and not part.startswith("acct_"))
    return next(found, "")
