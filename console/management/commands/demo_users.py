"""Make the people that training and demonstrations use; never in live mode."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from console.people import access, roles
from console.people.models import User
from console.record import audit

# name: first name, last name, role
PEOPLE = {
    "demo": ("Dana", "Moreno", "administrator"),
    "ana": ("Ana", "Kowalski", "administrator"),
    "otto": ("Otto", "Keller", "operator"),
    "sam": ("Sam", "Osei", "support"),
    "vera": ("Vera", "Lindqvist", "viewer"),
}


class Command(BaseCommand):
    """`DEMO_PASSWORD=… manage.py demo_users`: one person a role, all with that password."""

    help = "Make one demo user for each role, and `demo`, with the password in DEMO_PASSWORD."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or renew them; safe to repeat."""
        if settings.CONSOLE_MODE == "live" or not settings.DEMO_USERS:
            raise CommandError("Demo users exist in the sandbox only (DEMO_USERS=1 allows them in test mode).")
        password = os.environ.get("DEMO_PASSWORD", "")
        if not password:
            raise CommandError("Set DEMO_PASSWORD to the password that the demo users shall have.")
        for name in PEOPLE:
            make(name, password)
        self.stdout.write(f"Demo users: {', '.join(PEOPLE)}")


def make(name: str, password: str) -> User:
    """Make or renew one of PEOPLE; a password that is right already stays, and with it open sign-ins.

    Hashing takes its time and is done before the transaction.
    """
    first_name, last_name, role = PEOPLE[name]
    known = User.objects.named(name)
    user = known or User(username=name, first_name=first_name, last_name=last_name, is_staff=True)
    created, renewed = known is None, known is not None and not known.check_password(password)
    if created or renewed:
        user.set_password(password)
    with transaction.atomic():
        if created:
            user.save()
        if renewed:
            user.save(update_fields=["password"])
            access.end(user, "password set", by=None)
        roles.assign(user, role)
        if created or renewed:
            audit.record(
                "user.created" if created else "user.password_set",
                user=None,
                about=user,
                detail={"role": role},
            )
    return user
