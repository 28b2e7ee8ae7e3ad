"""Processes of ours: their groups, and that none outlives who started it. Standard library only, Linux."""

import ctypes
import os
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded here: between fork and exec nothing may take a lock


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies, however it dies (Linux)."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def group_members(group: int) -> list[int]:
    """The pids of a process group, from /proc."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended while we looked
                continue
            if int(fields[2]) == group:
                members.append(int(entry.name))
    return members


def kill_group(group: int) -> None:
    """SIGKILL to a whole process group; none left is fine."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_cluster(group: int) -> bool:
    """Whether the group is a cluster of ours, and not a stranger who got its number."""
    for pid in group_members(group):
        try:
            if b"qcluster" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
        except OSError:
            continue
    return False
