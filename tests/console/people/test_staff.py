"""Staff are made, given one role and shut out on one page, by administrators, in writing."""

import pytest
from django.test import Client

from console.people import roles
from console.people.models import User
from console.record.models import AuditEntry
from tests.people import browser, person

pytestmark = pytest.mark.django_db
NEW = {
    "username": "nina",
    "password1": "correct horse battery",
    "password2": "correct horse battery",
    "role": "support",
}


def last_entry() -> AuditEntry:
    entry = AuditEntry.objects.first()
    assert entry
    return entry


def test_an_administrator_adds_a_person_with_one_role() -> None:
    assert browser("ana").post("/staff/new", NEW).status_code == 302
    nina = User.objects.get(username="nina")
    assert (nina.is_staff, nina.is_superuser, roles.role_of(nina)) == (True, False, "support")
    assert (last_entry().action, last_entry().user_name, last_entry().about) == ("user.created", "ana", "user nina")


@pytest.mark.parametrize("wrong", [{"role": "superhero"}, {"password2": "other"}, {"username": ""}])
def test_a_wrong_entry_makes_nobody(wrong: dict[str, str]) -> None:
    assert browser("ana").post("/staff/new", {**NEW, **wrong}).status_code == 422
    assert not User.objects.filter(username="nina").exists()


def test_fields_that_the_form_does_not_show_change_nothing() -> None:
    browser("ana").post("/staff/new", {**NEW, "is_superuser": "on", "user_permissions": ["1", "2"]})
    nina = User.objects.get(username="nina")
    assert not nina.is_superuser
    assert nina.get_all_permissions() == roles.permissions("support")


def test_a_change_of_role_is_written_down_with_before_and_after() -> None:
    otto = person("otto")
    browser("ana").post(f"/staff/{otto.pk}", {"role": "support", "is_active": "on"})
    assert roles.role_of(otto) == "support"
    assert last_entry().detail == {"role": ["operator", "support"], "fields": []}


def test_shutting_somebody_out_ends_their_sign_in() -> None:
    otto = browser("otto")
    browser("ana").post(f"/staff/{person('otto').pk}", {"role": "operator"})
    assert otto.get("/me/")["Location"].startswith("/login/")
    assert last_entry().detail == {"is_active": [True, False], "fields": []}


@pytest.mark.parametrize("change", [{"role": "administrator"}, {"role": "viewer", "is_active": "on"}])
def test_nobody_shuts_themselves_out(change: dict[str, str]) -> None:
    ana = browser("ana")
    assert ana.post(f"/staff/{person('ana').pk}", change).status_code == 422
    assert roles.role_of(person("ana")) == "administrator"
    assert person("ana").is_active


def test_a_new_password_ends_their_sign_ins() -> None:
    otto, password = (
        browser("otto"),
        {"new_password1": "another horse battery", "new_password2": "another horse battery"},
    )
    browser("ana").post(f"/staff/{person('otto').pk}/password", password)
    assert otto.get("/me/")["Location"].startswith("/login/")
    assert last_entry().action == "user.password_set"
    assert "horse" not in str(AuditEntry.objects.values())


@pytest.mark.parametrize("name", ["OTTO", "ｏｔｔｏ", "ＯＴＴＯ", " otto "])
def test_a_name_that_is_anothers_in_another_spelling_is_refused(name: str) -> None:
    person("otto")
    answer = browser("ana").post("/staff/new", {**NEW, "username": name})
    assert answer.status_code == 422
    assert answer.context["form"].errors["username"]
    assert User.objects.count() == 2


def test_a_name_in_full_width_letters_signs_in_as_it_was_given() -> None:
    browser("ana").post("/staff/new", {**NEW, "username": "ｎｉｎａ"})
    answer = Client().post("/login/", {"username": "ｎｉｎａ", "password": NEW["password1"]})
    assert answer.status_code == 302
    assert User.objects.filter(username="nina").exists()
