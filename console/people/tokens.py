"""Personal tokens: how one member of staff acts through commands where `--as` would be anybody's word."""

import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from console.people import notices
from console.people.models import PersonalToken, User
from console.record import audit

MAKES = "console.make_token"  # the permission to have one
USES = "console.use_commands"  # and to use every command with it, as far as its owner's role lets them
PREFIX = "con_"  # so that a token is recognised where it should not be


def create(user: User, label: str = "") -> tuple[PersonalToken, str]:
    """A new token, valid for PERSONAL_TOKEN_LIFE, and its text, which is shown once and never stored."""
    plain = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        token = PersonalToken.objects.create(
            user=user,
            digest=_digest(plain),
            session_hash=user.get_session_auth_hash(),
            label=label[:64],
            created_at=now,
            expires_at=now + settings.PERSONAL_TOKEN_LIFE,
        )
        notices.tell(user, "token_made", user=user)
        _record("token.created", token)
    return token, plain


def find(plain: str) -> User | None:
    """The owner of a valid token, and notes its use. None for one that is wrong, old, revoked, or a disabled person's.

    None too for one made before its owner's password was changed, or before they were shut out.
    """
    now = timezone.now()
    valid = PersonalToken.objects.filter(
        digest=_digest(plain), revoked_at=None, expires_at__gt=now, user__is_active=True
    )
    token = valid.select_related("user").first()
    if token is None or token.session_hash != token.user.get_session_auth_hash():
        return None
    return token.user if valid.update(last_used_at=now) else None


def live(user: User) -> QuerySet[PersonalToken]:
    """Those of a person's tokens that work now."""
    return PersonalToken.objects.filter(
        user=user, revoked_at=None, expires_at__gt=timezone.now(), session_hash=user.get_session_auth_hash()
    )


def revoke(token: PersonalToken) -> None:
    """End it now; a second time changes nothing."""
    with transaction.atomic():
        if PersonalToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            _record("token.revoked", token)
    token.refresh_from_db()


def stop_all(user: User) -> list[PersonalToken]:
    """End every token of a person, in the caller's transaction; returns those that it ended."""
    unrevoked = PersonalToken.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now())
    ended = list(unrevoked.select_for_update(no_key=True).order_by("pk"))
    PersonalToken.objects.filter(pk__in=[token.pk for token in ended]).update(revoked_at=timezone.now())
    return ended


def record_revoked(ended: list[PersonalToken], *, by: User | None) -> None:
    """Write down, in the same transaction, who ended these tokens."""
    for token in ended:
        audit.record("token.revoked", user=by, subject=str(token.pk), detail={"label": token.label})


def _digest(plain: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _record(action: str, token: PersonalToken) -> None:
    audit.record(action, user=token.user, subject=str(token.pk), detail={"label": token.label})
