"""Setting a brake and lifting it: who may, and in live mode a second person. Each change writes its audit row."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from console.approvals import policy
from console.brakes import standing
from console.brakes.models import Brake
from console.bulk.models import BulkRow
from console.operations import verbs
from console.operations.models import Operation
from console.people import roles
from console.people.models import User
from console.record import audit
from console.shell import nouns
from gateway.commits import durable

SETS = "console.set_brake"  # the permission to set and to lift
Scope = Brake.Scope


class Impossible(Exception):  # noqa: N818  (said as staff read it)
    """Why a brake cannot be set or lifted like this. `str()` is the sentence for staff."""


def set_brake(user: User, scope: str, target: str = "", *, reason: str, ticket: str = "") -> Brake:
    """Stop it from now on. Raises Impossible."""
    _may(user)
    if wrong := problem(scope, target):
        raise Impossible(wrong)
    brake = Brake(
        scope=scope,
        target=target,
        account_name=(nouns.account_label(target) or "")[:255] if scope == Scope.ACCOUNT else "",
        livemode=settings.CONSOLE_MODE == "live",
        reason=reason.strip(),
        ticket=ticket,
        set_by=user,
    )
    try:
        with durable():
            brake.save(force_insert=True)
            _record("brake.set", brake, user, brake.reason)
    except IntegrityError:
        raise Impossible("That is stopped already.") from None
    standing.forget()
    return brake


def problem(scope: str, target: str) -> str:
    """What is wrong with stopping this, or "". At most one query."""
    if scope == Scope.VERB:
        verb = verbs.find(target)
        if verb is None:
            return f"There is no act {target or 'without a name'}."
        if not verb.sends:
            return f"“{verb.label}” only reads Stripe: it is never stopped."
        if policy.lowers_risk(verb):
            return f"“{verb.label}” lowers risk: it is never stopped."
    if scope == Scope.ACCOUNT and (not target or nouns.account_label(target) is None):
        return f"No account {target}." if target else "Name the account."
    return ""


def stoppable() -> list[verbs.Verb]:
    """The acts of this mode that a brake can stop, by their labels."""
    usable = [verb for verb in verbs.every() if settings.CONSOLE_MODE in verb.modes]
    return sorted((verb for verb in usable if not problem(Scope.VERB, verb.name)), key=lambda verb: verb.label)


def lift(brake: Brake, user: User, *, reason: str) -> Brake:
    """Let it go on; in live mode only ask for that, for another one to `confirm`. Raises Impossible."""
    with _locked(brake, user) as brake:
        if brake.lift_asked_by:
            raise Impossible(f"{brake.lift_asked_by.get_username()} has asked for that meanwhile.")
        brake.lift_reason = reason.strip()
        if brake.livemode:
            brake.lift_asked_by, brake.lift_asked_at = user, timezone.now()
            brake.save()
            _record("brake.lift_asked", brake, user, brake.lift_reason)
        else:
            _lift(brake, user)
    standing.forget()
    return brake


def confirm(brake: Brake, user: User) -> Brake:
    """Lift what another one asked to lift; `brake` is the row that this person saw. Raises Impossible."""
    seen = brake.lift_asked_at
    with _locked(brake, user) as brake:
        if brake.lift_asked_at is None or brake.lift_asked_at != seen:
            raise Impossible("The request to lift it is another one now. Read it again.")
        if brake.lift_asked_by_id == user.pk:
            raise Impossible("You asked for it: another administrator confirms.")
        _lift(brake, user)
    standing.forget()
    return brake


def withdraw(brake: Brake, user: User) -> Brake:
    """Take back the request to lift it, or refuse it; the brake stays. Raises Impossible."""
    with _locked(brake, user) as brake:
        if brake.lift_asked_by_id is None:
            raise Impossible("Nobody asks to lift it any more.")
        _record("brake.lift_withdrawn", brake, user, brake.lift_reason)
        brake.lift_asked_by, brake.lift_asked_at, brake.lift_reason = None, None, ""
        brake.save()
    standing.forget()
    return brake


def _may(user: User) -> None:
    if not (user.is_active and user.has_perm(SETS)):
        raise Impossible(f"{user.get_username()} may not set or lift brakes. {roles.who_may(SETS)} may.")


@contextmanager
def _locked(brake: Brake, user: User) -> Iterator[Brake]:
    """The brake as it stands, in a transaction that is on the disk when it ends."""
    _may(user)
    with durable():
        rows = Brake.objects.select_for_update(of=("self",), no_key=True)
        now = rows.select_related("lift_asked_by", "set_by").get(pk=brake.pk)
        if now.lifted_at:
            raise Impossible("It was lifted meanwhile.")
        yield now


def _lift(brake: Brake, user: User) -> None:
    """In the caller's transaction. What it held is due at once; what another brake holds is put off again."""
    brake.lifted_by, brake.lifted_at = user, timezone.now()
    brake.save()
    Operation.objects.braked().update(next_try_at=timezone.now(), braked_at=None)
    BulkRow.objects.waiting().filter(next_try_at__gt=timezone.now()).update(next_try_at=timezone.now(), why="")
    _record("brake.lifted", brake, user, brake.lift_reason)


def _record(action: str, brake: Brake, user: User, reason: str) -> None:
    of_account = brake.scope == Scope.ACCOUNT
    audit.record(
        action,
        user=user,
        account_id=brake.target if of_account else "",
        account_name=brake.account_name,
        subject=brake.target or brake.scope,
        reason=reason,
        ticket=brake.ticket,
        detail={"brake": brake.pk, "scope": brake.scope, "target": brake.target},
    )
