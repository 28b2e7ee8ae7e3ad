"""Personal tokens: how one member of staff acts through commands where `--as` would be anybody's word."""

import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console import audit
from console.models import PersonalToken, User

PREFIX = "con_"  # so that a token is recognised where it should not be


def create(user: User, label: str = "") -> tuple[PersonalToken, str]:
    """A new token, valid for PERSONAL_TOKEN_LIFE, and its text, which is shown once and never stored."""
    plain = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        token = PersonalToken.objects.create(
            user=user,
            digest=_digest(plain),
            label=label[:64],
            created_at=now,
            expires_at=now + settings.PERSONAL_TOKEN_LIFE,
        )
        _tell("token.created", token)
    return token, plain


def find(plain: str) -> User | None:
    """Whose valid token it is; None for a wrong, old or revoked one, or a disabled person's. Notes its use."""
    now = timezone.now()
    valid = PersonalToken.objects.filter(
        digest=_digest(plain), revoked_at=None, expires_at__gt=now, user__is_active=True
    )
    token = valid.select_related("user").first()
    if token is None:
        return None
    valid.update(last_used_at=now)
    return token.user


def revoke(token: PersonalToken) -> None:
    """End it now; a second time changes nothing."""
    with transaction.atomic():
        if PersonalToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            _tell("token.revoked", token)
    token.refresh_from_db()


def _digest(plain: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _tell(action: str, token: PersonalToken) -> None:
    audit.record(action, user=token.user, subject=str(token.pk), detail={"label": token.label})
