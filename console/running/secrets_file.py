"""Secrets that live in files of mode 0600 below VAR_DIR, so that a second start keeps them."""

import os
import secrets
from pathlib import Path

from console.running.var_dir import locked


def read_secret(path: Path) -> str:
    """The secret in the file, or "" where there is none."""
    return path.read_text("utf-8").strip() if path.exists() else ""


def write_secret(path: Path, value: str) -> None:
    """Replace the file in one step; at no time can anybody but its owner read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def kept_secret(path: Path) -> str:
    """The secret in the file; the first caller makes it, and of several at once all get the same.

    An empty file, as a full disk leaves it, is no secret. Raises OSError or UnicodeDecodeError.
    """
    if not read_secret(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(path.with_name(f"{path.name}.lock")):
            if not read_secret(path):
                write_secret(path, secrets.token_urlsafe(50))
    return read_secret(path)
