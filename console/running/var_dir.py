"""VAR_DIR and all below it belong to one user alone: folders 0700, files 0600, whatever the umask was.

Sessions, webhook secrets and what Stripe knows of people lie there. The settings prepare it before they read a file.
"""

import fcntl
import os
import pwd
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

UMASK = 0o077
SQLITE = b"SQLite format 3\0"  # how a database begins
ROOT = Path(__file__).resolve().parent.parent
HINT = "Set VAR_DIR to a folder of the console's own that its user may write in."
# Closed to others, these would take more than the console with them.
SYSTEM = frozenset(
    Path(name)
    for name in (
        *("/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/proc", "/root", "/run"),
        *("/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/log", "/var/tmp"),  # noqa: S108
    )
)


def prepare(folder: Path) -> None:
    """Make VAR_DIR, or close it to everybody else with all that lies in it. Raises ImproperlyConfigured.

    Sets the umask of this process, so that what it writes later, SQLite's -wal and -shm too, is as closed.
    """
    os.umask(UMASK)
    _refuse_shared(folder)
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        close_to_others(folder)
    except OSError as error:
        raise ImproperlyConfigured(f"VAR_DIR={folder} cannot be used: {_words(error, folder)}. {HINT}") from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"VAR_DIR={folder} cannot be used: this user may not write in it. {HINT}")


def _refuse_shared(folder: Path) -> None:
    holds_program = any(Path(place).is_relative_to(folder) for place in (ROOT, sys.prefix))
    sticky = folder.is_dir() and folder.stat().st_mode & stat.S_ISVTX
    homes = {Path(user.pw_dir) for user in pwd.getpwall()}
    if holds_program or sticky or folder in SYSTEM | homes:
        raise ImproperlyConfigured(
            f"VAR_DIR={folder} holds more than the console and would be closed to others. {HINT}"
        )


def _words(error: OSError, folder: Path) -> str:
    named = f" ({error.filename})" if error.filename and str(error.filename) != str(folder) else ""
    return f"{error.strerror or error}{named}"


def close_to_others(place: Path) -> None:
    """Take every right of group and others from this folder and all below; links are not followed.

    What vanishes meanwhile is passed over. Raises OSError for what belongs to another user and is open to others.
    """
    _close(place)
    for folder, folders, files in os.walk(place):
        for name in (*folders, *files):
            _close(Path(folder, name))


def close_database(path: Path) -> None:
    """The same for SQLite's files, wherever DATABASE_URL puts them; nothing is done to a file that is none of SQLite's.

    Raises ImproperlyConfigured.
    """
    try:
        if not _is_sqlites(path):
            return
        for each in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))):
            if not each.is_dir():
                _close(each)
    except OSError as error:
        raise ImproperlyConfigured(f"{path} of DATABASE_URL cannot be used: {_words(error, path)}.") from None


def _is_sqlites(path: Path) -> bool:
    """Whether it is a database, or a file that is to become one: a wrong DATABASE_URL must not close a stranger's."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) in (SQLITE, b"")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False


def _close(path: Path) -> None:
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & UMASK:
            path.chmod(mode & (0o700 if stat.S_ISDIR(mode) else 0o600))


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the file's lock, which ends with the process however it dies. False where another has it (without `wait`).

    The holder's pid stands in the file. Raises OSError.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        os.truncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        yield True
    finally:
        os.close(file)
