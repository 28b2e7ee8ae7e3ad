"""What an open work session says against a write: one question, which the door, every preview and the pages ask.

Looking at an account refuses every write to it, wherever the session was started and whoever sends: a page, a list, a
command. A session about another account holds nothing but the act that is done in it, on a page of the same sign-in.
"""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from console.people import roles
from console.people.signed_in import staff
from console.viewing import sessions
from console.viewing.models import WorkSession
from gateway import texts

WORK_AS = "console.work_as"
ENDED = "Your work session for {} has ended. Open it again, and repeat this."
LOOKING = "You are viewing {} in look mode: until that session works or ends, nothing of the account can be changed."
OTHER = "You are viewing as {}, but this is about {}: end that session first."


@dataclass(frozen=True)
class Held:
    """A write that a work session holds: which session, why, and whether switching it to work clears the way.

    Ending it always does.
    """

    session: WorkSession
    sentence: str
    looks: bool = False


def held(
    session: WorkSession | None, account_id: str, account_name: str = "", *, within: WorkSession | None = None
) -> Held | None:
    """What the person's open session says against a write to this account; None where nothing. No query.

    `within`: the session in which the write would be done, whose reason and ticket would be the operation's.
    """
    if session and session.account_id == account_id and session.mode == WorkSession.Mode.LOOK:
        return Held(session, LOOKING.format(session.whose), looks=True)
    if within is None:
        return None
    name = texts.label(account_name, account_id)
    if within.account_id != account_id:
        return Held(within, OTHER.format(within.whose, name)) if within == session else None
    return None if within == session else Held(within, ENDED.format(name))


def clear(request: HttpRequest) -> None:
    """What a button of a form asks for: `session` is "end" or a mode, and the session's number. Nothing for another's.

    Raises PermissionDenied where the role may not work.
    """
    session = sessions.of_person(request)
    act, _, number = request.POST.get("session", "").partition(" ")
    if session is None or number != str(session.pk):
        return
    if act == "end":
        sessions.end(session, WorkSession.End.CLICK)
        request.open_work_session = None  # type: ignore[attr-defined]
        messages.success(request, f"You no longer view as {session.whose}.")
    elif act in WorkSession.Mode.values:
        switch(request, act)


def switch(request: HttpRequest, mode: str) -> None:
    """Look or work in the session of this sign-in. Raises PermissionDenied where the role may not work."""
    session = sessions.current(request)
    if mode == WorkSession.Mode.WORK and not staff(request).has_perm(WORK_AS):
        raise PermissionDenied(roles.lacking(WORK_AS))
    if session:
        sessions.switch_mode(session, mode)
