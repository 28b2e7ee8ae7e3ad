from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from console.people import tokens
from console.people.models import PersonalToken, User
from console.record.models import AuditEntry
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def otto(db: None) -> User:
    return User.objects.create_user("otto")


def test_a_token_names_its_owner_and_only_its_digest_is_kept(otto: User) -> None:
    token, plain = tokens.create(otto, "my laptop")
    assert plain.startswith("con_")
    assert len(plain) >= len("con_") + 43
    assert tokens.find(plain) == otto
    token.refresh_from_db()
    assert token.last_used_at is not None
    everything = [*PersonalToken.objects.values_list(), *AuditEntry.objects.values_list()]
    assert plain not in str(everything)
    assert token.expires_at - token.created_at == settings.PERSONAL_TOKEN_LIFE == timedelta(hours=12)


@pytest.mark.parametrize("plain", ["", "con_", "con_" + "x" * 43, "\ud800", "0" * 64])
def test_a_wrong_token_is_nobodys(plain: str, otto: User) -> None:
    token, _ = tokens.create(otto)
    assert tokens.find(plain) is None
    assert tokens.find(token.digest) is None


def test_an_old_token_is_nobodys(otto: User) -> None:
    _, plain = tokens.create(otto)
    now = timezone.now()
    PersonalToken.objects.update(created_at=now - timedelta(hours=13), expires_at=now - timedelta(hours=1))
    assert tokens.find(plain) is None


def test_a_revoked_token_is_nobodys(otto: User) -> None:
    token, plain = tokens.create(otto)
    tokens.revoke(token)
    tokens.revoke(token)
    assert tokens.find(plain) is None
    assert list(AuditEntry.objects.order_by("number").values_list("action", flat=True)) == [
        "token.created",
        "token.revoked",
    ]


def test_a_disabled_persons_token_is_nobodys(otto: User, django_assert_num_queries: Any) -> None:
    _, plain = tokens.create(otto)
    User.objects.update(is_active=False)
    with django_assert_num_queries(1):
        assert tokens.find(plain) is None


def test_a_token_without_a_label_is_not_made() -> None:
    answer = browser("otto").post("/me/tokens", {"label": ""})
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not PersonalToken.objects.exists()
