"""Who may do what: four roles, each a set of permissions, and nothing beside them.

Each noun says what its roles get; together that is

    viewer         reads accounts, requirements, cards, authorizations, operations and events; personal data is masked
    support        sees personal data, may view as an account, and may cancel one card there that a verified caller
                   reports lost or stolen
    operator       may use every everyday verb and approve what others ask for; reads the audit trail and the work
                   sessions
    administrator  also keeps staff, decides lost operations, replays events, and may show a link in live mode

The groups in the database are a copy, made after every migration; a permission that no model declares is a system
check's error (console.E005).
"""

from functools import cache
from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from console.people.models import User
from console.shell import nouns
from console.shell.site import rooms

ROLES = ("administrator", "operator", "support", "viewer")  # the highest first: each has all that those below have


@cache
def permissions(role: str) -> frozenset[str]:
    """What a role may: what the nouns give to it, and to every role below it."""
    below = ROLES[ROLES.index(role) :]
    return frozenset(name for noun in nouns.every() for lowest in below for name in noun.roles.get(lowest, ()))


WHO = {
    "viewer": "Everybody",
    "support": "Support, an operator or an administrator",
    "operator": "An operator or an administrator",
    "administrator": "An administrator",
}


def who_may(*names: str) -> str:
    """Who has all of these permissions, as a sentence begins with it: "An administrator"; "Nobody" for none."""
    having = [role for role in ROLES if permissions(role).issuperset(names)]
    return WHO[having[-1]] if having else "Nobody"


def lacking(*names: str) -> str:
    """What somebody is told whose role lacks these permissions: which, and who has them."""
    return f"Your role does not have the permission {', '.join(names)}. {who_may(*names)} has it."


def declared() -> set[str]:
    """Every permission (`app.codename`) that an installed model declares. No query."""
    names = set()
    for model in installed.get_models():
        options = model._meta
        own = [codename for codename, _ in options.permissions]
        usual = [f"{action}_{options.model_name}" for action in options.default_permissions]
        names |= {f"{options.app_label}.{codename}" for codename in own + usual}
    return names


def unknown() -> list[str]:
    """Permissions that a role names and no model declares."""
    return sorted(permissions(ROLES[0]) - declared())


def sync() -> None:
    """Make the groups what ROLES says: exactly these, with exactly these permissions."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set([known[name] for name in permissions(role) if name in known])
    Group.objects.exclude(name__in=ROLES).delete()


def assign(user: User, role: str) -> None:
    """Give a member of staff this one role; KeyError for a role that does not exist."""
    if role not in ROLES:
        raise KeyError(role)
    user.groups.set([Group.objects.get(name=role)])


def role_of(user: User) -> str:
    """The name of the user's role, "" for none. One query."""
    return user.groups.filter(name__in=ROLES).values_list("name", flat=True).first() or ""


@receiver(post_migrate)
def sync_after_migration(sender: Any, using: str, apps: Any = installed, **kwargs: Any) -> None:
    """Once per `migrate`, when every table that it needs is there (a partial migration may not have made them)."""
    try:
        apps.get_model("auth", "Group"), apps.get_model("console", "User")
    except LookupError:
        return
    if sender.name != "console":
        return
    for room in rooms():
        create_permissions(installed.get_app_config(room), verbosity=0, using=using)
    sync()
