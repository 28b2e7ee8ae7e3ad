"""What a person has open: sign-ins, a work session, personal tokens. Ended together, and for good."""

from django.db.models import F

from console.people import tokens
from console.people.models import User
from console.record import audit
from console.viewing import sessions
from console.viewing.models import WorkSession


def end(user: User, why: str, *, by: User | None) -> None:
    """End every sign-in, token and session of a person, in the caller's transaction; `why` goes to the audit trail.

    Sign-ins and tokens carry a digest over the password and `access_generation`, which only ever counts up: what was
    ended works no more when the person is enabled again, or when a request that was under way saves it once more.
    Rows are changed before anything is recorded, because all writers wait for the audit chain last.
    """
    User.objects.filter(pk=user.pk).update(access_generation=F("access_generation") + 1)
    user.refresh_from_db(fields=["access_generation"])
    ended = tokens.stop_all(user)
    sessions.end_all(user, WorkSession.End.SIGN_OUT)
    tokens.record_revoked(ended, by=by)
    detail = {"why": why, "tokens": len(ended)}
    audit.record("user.signed_out", user=by, about=user, detail=detail)
