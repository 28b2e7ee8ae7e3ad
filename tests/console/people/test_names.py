"""A member of staff has one name, however it is written: at sign-in, in its lock, for commands, for a new person."""

import sys
import unicodedata
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory

from console.people import names, sign_in
from console.people.models import User
from console.people.sign_in import LOCKED
from console.record.models import AuditEntry
from console.running import checks
from tests.people import PASSWORD, browser, person

FINN, RENEE = "ﬁnn", "Renée"
SPELLINGS = [  # (stored, typed)
    ("otto", "ｏｔｔｏ"),
    ("otto", "OTTO"),
    ("otto", "Ⓞtto\u3000"),
    ("Otto", "otto"),
    ("finn", FINN),
    ("FINN", "ｆＩｎｎ"),
    ("strasse", "STRAßE"),
    (RENEE, unicodedata.normalize("NFD", RENEE)),
    ("renée", "RENE\u0301E"),
    ("ς", "Σ"),
]
OTHERS = [("otto", "otto2"), ("otto", "0tto"), ("otto", "öttö"), ("renée", "renee"), ("otto", "ot\u200bto"), ("a", "")]


def named(name: str) -> User:
    user = User(username=name, is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.mark.parametrize(("stored", "typed"), SPELLINGS)
def test_spellings_of_one_name_have_one_key(stored: str, typed: str) -> None:
    assert names.key(stored) == names.key(typed)


@pytest.mark.parametrize(("stored", "typed"), OTHERS)
def test_other_names_have_other_keys(stored: str, typed: str) -> None:
    assert names.key(stored) != names.key(typed)


def test_a_key_is_its_own_key_and_that_of_every_form_of_the_name() -> None:
    forms = [lambda name, form=form: unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    ways: list[Any] = [*forms, str.upper, str.casefold, names.key]
    letters = [chr(code) for code in range(sys.maxunicode) if not 0xD800 <= code < 0xE000 and chr(code) != "ı"]
    differing = []
    for letter in letters[:0x3000] + letters[0xF000:0x10000] + letters[0x1D400:0x1D800]:
        key = names.key(f"a{letter}b")
        differing += [letter for way in ways if names.key(way(f"a{letter}b")) != key]
    assert differing == []


@pytest.mark.django_db
@pytest.mark.parametrize(("stored", "typed"), SPELLINGS)
def test_every_spelling_signs_in_and_shares_the_lock(stored: str, typed: str) -> None:
    named(stored)
    signed_in = Client().post("/login/", {"username": typed, "password": PASSWORD})
    assert signed_in.status_code == 302
    for _ in range(5):
        Client().post("/login/", {"username": typed, "password": "wrong"})
    answer = Client().post("/login/", {"username": stored, "password": PASSWORD})
    assert answer.context["form"].non_field_errors() == [LOCKED]


@pytest.mark.django_db
@pytest.mark.parametrize(("stored", "typed"), OTHERS)
def test_another_name_does_not_sign_in(stored: str, typed: str) -> None:
    named(stored)
    assert authenticate(RequestFactory().post("/"), username=typed, password=PASSWORD) is None


@pytest.mark.django_db
def test_of_two_with_one_key_each_has_only_their_own_spelling() -> None:
    one, other = named("otto"), named("Otto")
    assert [User.objects.named(name) for name in ("otto", "Otto", "OTTO")] == [one, other, None]


@pytest.mark.django_db
def test_a_wrong_guess_is_written_down_for_who_is_meant() -> None:
    otto = named("otto")
    sign_in.note_failure("ＯＴＴＯ", None, "sign_in.failed")
    entry = AuditEntry.objects.get(action="sign_in.failed")
    assert entry.user == otto


@pytest.mark.django_db
@pytest.mark.parametrize(("stored", "typed"), SPELLINGS)
def test_a_new_person_cannot_have_anothers_name(stored: str, typed: str) -> None:
    named(stored)
    new = {"username": typed, "password1": PASSWORD, "password2": PASSWORD, "role": "support"}
    assert browser("ana").post("/staff/new", new).status_code == 422
    with pytest.raises(CommandError):
        call_command("createsuperuser", username=typed, email="", interactive=False, stdout=StringIO())


@pytest.mark.django_db
def test_commands_find_the_person_in_every_spelling(sandbox: object) -> None:
    person("otto")
    values = {"country": "US", "business_type": "company", "business_name": "Kestrel", "reason": "a new customer"}
    out = StringIO()
    call_command("create_account", as_user="ＯＴＴＯ", stdout=out, **values)
    assert out.getvalue().split()[1:] == ["succeeded"]


@pytest.mark.django_db
def test_a_demo_users_name_is_found_in_live_mode_in_every_spelling(settings: Any) -> None:
    named("Ａna")
    settings.CONSOLE_MODE = "live"
    assert [error.id for error in checks.live_has_no_demo_users(None, databases=["default"])] == ["console.E006"]
