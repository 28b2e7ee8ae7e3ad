"""Secrets that live in files of mode 0600 below VAR_DIR, so that a second start keeps them."""

import os
import secrets
from pathlib import Path


def read_secret(path: Path) -> str:
    """The secret in the file, or "" where there is none."""
    return path.read_text("utf-8").strip() if path.exists() else ""


def write_secret(path: Path, value: str) -> None:
    """Replace the file in one step; nobody but its owner can read it at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value + "\n")
    part.replace(path)


def kept_secret(path: Path) -> str:
    """The secret in the file; the first caller makes it, and of two at once both get the same."""
    if not read_secret(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.new")
        write_secret(part, secrets.token_urlsafe(50))
        try:
            os.link(part, path)
        except FileExistsError:
            pass  # another process was first; its secret counts
        finally:
            part.unlink()
    return read_secret(path)
