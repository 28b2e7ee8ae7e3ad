"""What events tell of a person."""

import pytest

from accounts.history.models import StateChange
from accounts.persons.models import Person
from tests.accounts.acting import event

pytestmark = pytest.mark.django_db


def test_persons_come_and_go() -> None:
    data = {"id": "person_1", "object": "person", "created": 1}
    Person.witness(event(1, data, None, "person.created"))
    Person.witness(event(2, data, None, "person.deleted"))
    assert list(StateChange.objects.order_by("at").values_list("field", "after")) == [
        ("object", "created"),
        ("object", "deleted"),
    ]
