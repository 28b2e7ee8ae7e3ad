"""Four roles, kept as a dict, copied to groups."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command

from console.people import roles
from console.people.models import User
from console.running.checks import roles_name_real_permissions
from console.shell import nouns
from tests.people import PEOPLE, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("name", "role"), PEOPLE.items())
def test_a_person_has_what_the_role_says_and_nothing_else(name: str, role: str) -> None:
    assert person(name).get_all_permissions() == roles.permissions(role)


def test_each_role_holds_the_one_below() -> None:
    assert (
        roles.permissions("viewer")
        < roles.permissions("support")
        < roles.permissions("operator")
        < roles.permissions("administrator")
    )


def test_every_permission_of_a_role_is_declared_by_a_model() -> None:
    assert roles.unknown() == []
    assert roles_name_real_permissions(None) == []


def test_an_unknown_permission_is_a_check_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nouns, "_nouns", [nouns.Noun(roles={"viewer": ("console.rule_the_world",)})])
    roles.permissions.cache_clear()
    assert [error.id for error in roles_name_real_permissions(None)] == ["console.E005"]
    roles.permissions.cache_clear()


def test_what_a_person_may_by_name_and_by_role_is_read_once(django_assert_num_queries: Any) -> None:
    vera = person("vera")
    vera.user_permissions.add(Permission.objects.get(codename="settle_operation"))
    vera = User.objects.get(pk=vera.pk)
    with django_assert_num_queries(1):
        assert vera.has_perm("console.settle_operation")
        assert vera.has_perm("accounts.view_account")
        assert not vera.has_perm("console.view_as")
    assert vera.get_all_permissions() == roles.permissions("viewer") | {"console.settle_operation"}


def test_who_may_not_sign_in_may_nothing() -> None:
    vera = person("vera")
    vera.is_active = False
    assert vera.get_all_permissions() == set()


def test_sync_removes_what_the_dict_does_not_say() -> None:
    Group.objects.get(name="viewer").permissions.add(Permission.objects.get(codename="add_user"))
    Group.objects.create(name="superheroes")
    roles.sync()
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)
    assert person("vera").get_all_permissions() == roles.permissions("viewer")


def test_a_person_has_one_role() -> None:
    otto = person("otto")
    roles.assign(otto, "support")
    assert [group.name for group in otto.groups.all()] == ["support"]
    with pytest.raises(KeyError):
        roles.assign(otto, "superhero")


def test_demo_users_are_made_once_and_keep_their_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "correct horse battery")
    call_command("demo_users", verbosity=0)
    call_command("demo_users", verbosity=0)
    found = {user.username: roles.role_of(user) for user in User.objects.all()}
    assert found == {"demo": "administrator", **PEOPLE}
    assert User.objects.get(username="demo").check_password("correct horse battery")


@pytest.mark.parametrize(
    ("mode", "allowed", "password"), [("live", True, "x"), ("test", False, "x"), ("sandbox", True, "")]
)
def test_demo_users_are_refused(
    mode: str, allowed: bool, password: str, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CONSOLE_MODE, settings.DEMO_USERS = mode, allowed  # type: ignore[attr-defined]
    monkeypatch.setenv("DEMO_PASSWORD", password)
    with pytest.raises(CommandError):
        call_command("demo_users")
    assert not User.objects.exists()
