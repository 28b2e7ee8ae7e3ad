"""A world that the tests of a module share: each test's own transaction is a savepoint in the module's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction


@contextmanager
def kept(blocker: Any) -> Iterator[None]:
    """A transaction round every test of the module, rolled back at last; none of them may be `transaction=True`."""
    with blocker.unblock(), transaction.atomic():
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True
        with blocker.block():
            yield
        transaction.set_rollback(True)


def once(make: Callable[[], Any]) -> Any:
    """A fixture of what `make` returns, made once for the module that names it."""

    @pytest.fixture(scope="module")
    def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
        with kept(django_db_blocker):
            with django_db_blocker.unblock():
                found = make()
            yield found

    return made
