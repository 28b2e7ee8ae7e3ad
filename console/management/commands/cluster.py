"""`manage.py cluster`: django-q2's cluster for `manage.py worker`; none of its processes outlives the one before it."""

from typing import Any

from django_q.management.commands import qcluster

from console.running.processes import let_no_fork_outlive_me


class Command(qcluster.Command):
    """Started by the worker's supervisor."""

    def handle(self, *args: Any, **options: Any) -> None:
        """A supervisor that is killed cannot end its cluster: so the kernel does, down to the last process."""
        let_no_fork_outlive_me()
        super().handle(*args, **options)
