"""A changed, reset or guessed-at password and being shut out end sign-ins, work session and tokens, for good."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import transaction
from django.test import Client, RequestFactory

from console.management.commands import demo_users
from console.people import access, me, pages, tokens
from console.people.models import PersonalToken, User
from console.record.models import AuditEntry
from console.viewing import sessions
from console.viewing.models import WorkSession
from tests.people import ACCOUNT, PASSWORD, browser, known_accounts, person, view_as

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
ANOTHER = "another horse battery"
NEW = {"new_password1": ANOTHER, "new_password2": ANOTHER}
SHUT_OUT, LET_IN = {"role": "operator"}, {"role": "operator", "is_active": "on"}


@pytest.fixture
def otto() -> User:
    user = person("otto")
    user.set_password(PASSWORD)
    user.save()
    known_accounts()
    return user


def change(otto: User) -> None:
    browser("otto").post("/password_change/", {"old_password": PASSWORD, **NEW})


def reset(otto: User) -> None:
    browser("ana").post(f"/staff/{otto.pk}/password", NEW)


def shut_out(otto: User) -> None:
    browser("ana").post(f"/staff/{otto.pk}", SHUT_OUT)


def shut_out_and_let_in(otto: User) -> None:
    shut_out(otto)
    browser("ana").post(f"/staff/{otto.pk}", LET_IN)


def let_in_after_a_change_by_hand(otto: User) -> None:
    User.objects.filter(pk=otto.pk).update(is_active=False)
    browser("ana").post(f"/staff/{otto.pk}", LET_IN)


def guess(otto: User) -> None:
    client = browser("otto")
    for _ in range(5):
        client.post("/password_change/", {"old_password": "wrong", **NEW})


def renew(otto: User) -> None:
    demo_users.make("otto", ANOTHER)


WAYS = [change, reset, shut_out, shut_out_and_let_in, let_in_after_a_change_by_hand, guess, renew]


def is_out(client: Client) -> bool:
    return client.get("/me/").headers.get("Location", "").startswith("/login/")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_everything_that_was_open_ends(way: Callable[[User], None], otto: User) -> None:
    client = browser("otto")
    view_as(client)
    token, plain = tokens.create(otto, "nightly")
    way(otto)
    assert is_out(client)
    assert tokens.find(plain) is None
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert not WorkSession.objects.filter(ended_at=None).exists()
    told = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"user.signed_out", "token.revoked", "session.ended"} <= told


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_others_have_open_stays(way: Callable[[User], None], otto: User) -> None:
    sam = browser("sam")
    _, plain = tokens.create(person("sam"))
    way(otto)
    assert not is_out(sam)
    assert tokens.find(plain) == person("sam")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_session_that_a_request_saves_once_more_stays_ended(way: Callable[[User], None], otto: User) -> None:
    client = browser("otto")
    under_way = client.session
    under_way.load()
    way(otto)
    under_way["seen_at"] += 60
    under_way.save()
    under_way.cycle_key()
    client.cookies["session"] = under_way.session_key
    assert is_out(client)
    User.objects.filter(pk=otto.pk).update(is_active=True)
    client.cookies["session"] = under_way.session_key
    assert is_out(client)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_a_request_under_way_opens_is_worth_nothing(way: Callable[[User], None], otto: User) -> None:
    request = RequestFactory().post("/")
    request.user, request.session = User.objects.get(pk=otto.pk), browser("otto").session
    way(otto)
    _, plain = tokens.create(request.user)
    User.objects.filter(pk=otto.pk).update(is_active=True)
    assert tokens.find(plain) is None
    assert not tokens.live(person("otto")).exists()
    with pytest.raises(PermissionDenied):
        sessions.start(request, account_id=ACCOUNT, category="routine", reason="Looking at it")


@pytest.mark.parametrize("way", [reset, shut_out, shut_out_and_let_in], ids=lambda way: way.__name__)
def test_a_password_change_under_way_does_not_undo_it(way: Callable[[User], None], otto: User) -> None:
    request = RequestFactory().post("/password_change/", {"old_password": PASSWORD, **NEW})
    request.user, request.session = User.objects.get(pk=otto.pk), browser("otto").session
    way(otto)
    before = User.objects.filter(pk=otto.pk).values("password", "is_active").get()
    with pytest.raises(PermissionDenied):
        me.change_password(request)
    assert User.objects.filter(pk=otto.pk).values("password", "is_active").get() == before


def test_an_edit_under_way_does_not_bring_an_old_password_back(otto: User) -> None:
    request = RequestFactory().post("/")
    request.user = person("ana")
    form = pages.StaffForm({**LET_IN, "first_name": "Otto"}, instance=User.objects.get(pk=otto.pk), editor=request.user)
    assert form.is_valid()
    change(otto)
    pages._save(request, form)
    now = User.objects.get(pk=otto.pk)
    assert (now.first_name, now.check_password(ANOTHER)) == ("Otto", True)


def test_the_browser_that_changed_the_password_stays_signed_in_with_a_new_key(otto: User) -> None:
    client = browser("otto")
    key = client.session.session_key
    answer = client.post("/password_change/", {"old_password": PASSWORD, **NEW})
    assert (answer.status_code, answer["Location"]) == (302, "/password_change/done/")
    assert client.session.session_key != key
    assert not is_out(client)
    assert not client.session.exists(key)


def test_a_password_changed_at_the_terminal_ends_sessions_and_tokens(otto: User) -> None:
    client = browser("otto")
    _, plain = tokens.create(otto)
    otto.set_password(ANOTHER)
    otto.save()
    assert is_out(client)
    assert tokens.find(plain) is None


def test_a_session_shown_while_its_person_is_disabled_is_forgotten(otto: User) -> None:
    client = browser("otto")
    User.objects.filter(pk=otto.pk).update(is_active=False)
    assert is_out(client)
    User.objects.filter(pk=otto.pk).update(is_active=True)
    assert is_out(client)


def test_a_right_demo_password_ends_nothing(otto: User) -> None:
    client = browser("otto")
    demo_users.make("otto", PASSWORD)
    assert not is_out(client)


def test_the_trail_says_who_ended_it_and_why(otto: User) -> None:
    tokens.create(otto, "nightly")
    reset(otto)
    entry = AuditEntry.objects.get(action="user.signed_out")
    assert (entry.user_name, entry.about) == ("ana", "user otto")
    assert entry.detail == {"why": "password set", "tokens": 1}
    assert AuditEntry.objects.get(action="token.revoked").user_name == "ana"


def test_ones_own_password_is_never_set_without_the_current_one() -> None:
    ana = browser("ana")
    before = person("ana").password
    answer = ana.post(f"/staff/{person('ana').pk}/password", NEW)
    assert (answer.status_code, answer["Location"]) == (302, "/password_change/")
    assert person("ana").password == before


def test_a_command_of_demo_users_is_safe_to_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    for _ in range(2):
        call_command("demo_users", verbosity=0)
    assert AuditEntry.objects.filter(action="user.created").count() == len(demo_users.PEOPLE)
    assert not AuditEntry.objects.filter(action__in=["user.password_set", "user.signed_out"]).exists()


def test_a_token_that_was_ended_is_told_of_once(otto: User) -> None:
    token, _ = tokens.create(otto)
    tokens.revoke(token)
    with transaction.atomic():
        access.end(otto, "password set", by=None)
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1
    assert PersonalToken.objects.get().revoked_at == token.revoked_at
