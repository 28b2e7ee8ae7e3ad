"""Administrators of the tests, and brakes that they set."""

from typing import Any

from console.brakes import changes
from console.brakes.models import Brake
from console.people.models import User
from tests.people import person

WHY = "Card testing is seen everywhere"
OVER = "It is over, the merchant is closed"


def administrator(name: str = "ana") -> User:
    """Ana, or another one."""
    user = person("ana")
    if name != "ana":
        user = User.objects.create_user(name, password="x", is_staff=True)
        user.groups.set(person("ana").groups.all())
    return user


def set_brake(scope: str, target: str = "", **options: Any) -> Brake:
    """By ana, for WHY."""
    return changes.set_brake(administrator(), scope, target, reason=WHY, **options)
