"""The verbs of these tests beside the rooms' own, and who acts."""

from collections.abc import Iterator

import pytest

from console.people.models import User
from tests.console.acting import PERMISSION, person, registered


@pytest.fixture
def acting_verbs(db: None) -> Iterator[None]:
    """CREATE, RENAME and the like are registered."""
    with registered():
        yield


@pytest.fixture
def otto(db: None) -> User:
    """He may use them."""
    return person("otto", PERMISSION, "console.view_bulkrun")


@pytest.fixture
def ana(db: None) -> User:
    """She decides what is left undecided, too."""
    return person("ana", PERMISSION, "console.settle_operation")
