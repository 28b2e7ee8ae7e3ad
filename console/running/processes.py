"""Processes of ours: their groups, and that none outlives who started it. Standard library only, Linux."""

import ctypes
import os
import signal
from collections.abc import Callable
from functools import partial

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded here: between fork and exec nothing may take a lock


def die_with(parent: int) -> None:
    """In a child: ask the kernel to kill this process when its parent dies, however it dies (Linux)."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be asked
        os.kill(os.getpid(), signal.SIGKILL)


def dying_with_me() -> Callable[[], None]:
    """For subprocess.Popen's preexec_fn: the child dies with this process."""
    return partial(die_with, os.getpid())


def let_no_fork_outlive_me() -> None:
    """From now on what this process forks dies with it, and what is forked there with that."""
    forking = [0]

    def remember() -> None:
        forking[0] = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with(forking[0]))


def kill_group(group: int) -> None:
    """SIGKILL to a whole process group; none left is fine."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
