"""A process that is killed while it acts: `python -m tests.console.dying before|in|after`, on the test's database."""

import os
import signal
import sys
from typing import Any, NoReturn

import django


def die(*_: Any, **__: Any) -> NoReturn:
    """kill -9 of this process."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def main(when: str) -> None:
    """Perform one operation and die before, in, or after its call."""
    django.setup()
    from console.operations import attempts
    from console.people.models import User
    from tests.console.acting import ACCOUNT, CREATE, create, do, registered

    if when == "before":
        attempts.attempt = die
    if when == "after":
        attempts.finish = die
    with registered():
        verb = CREATE
        if when == "in":
            object.__setattr__(verb, "send", lambda *its: die(create(*its)))
        do(verb, User.objects.get(username="otto"), params=ACCOUNT)


if __name__ == "__main__":
    main(sys.argv[1])
