"""The files of jobs: below VAR_DIR/jobs, for no other user of the machine; one process at a time writes a job's file.

Where several machines work, this folder is one that all of them see.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings


class Busy(OSError):  # noqa: N818  (it says what the file is)
    """Another process, which still lives, has the file open for writing."""


def folder() -> Path:
    """Where they lie; made where it is not there."""
    path: Path = settings.VAR_DIR / "jobs"
    path.mkdir(0o700, exist_ok=True)
    return path


def path_of(job_id: UUID) -> Path:
    """The file of a job, there or not."""
    return folder() / str(job_id)


@contextmanager
def writing(job_id: UUID) -> Iterator[BinaryIO]:
    """The job's file, kept as it is, for reading and writing. Raises Busy while another process has it."""
    number = os.open(path_of(job_id), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(number, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"The file of job {job_id} is being written by another process.") from None
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what is written on the way to a file, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder(), ignore_cleanup_errors=True) as path:
        yield Path(path)


def remove(name: UUID | str) -> None:
    """Take away the file of a job, or what was left of one, if it is there."""
    path = folder() / str(name)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def left_behind(before: float) -> Iterator[Path]:
    """What nobody has written to since that moment (seconds of the wall clock)."""
    for path in sorted(folder().iterdir()):
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < before:
                yield path
