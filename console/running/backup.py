"""A backup is a folder with the database, the secrets and (in sandbox mode) the sandbox's store, of one moment.

It is made beside its place under another name and renamed when it is whole and on the disk; its manifest, written
last, names every file with size and digest. So half a backup has no manifest and never has the name of a whole one.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from console.running import backup_databases, backup_sandbox
from console.running.backup_databases import BackupError, durable, private
from gateway import binding

Manifest = dict[str, Any]
FORMAT = 1
MANIFEST = "manifest.json"
SECRETS = "secrets"
STORE = "sandbox.sqlite3"
# What lies at the top of VAR_DIR and is no secret: databases, what belongs to a running process, half-written files.
NO_SECRETS = ("*.sqlite3", "*.sqlite3[-.]*", "*.pgid", "*.pid", "*.lock", "*.part", "*.new", "*.log", ".*", "tmp*")
# What an installation keeps in its environment; a backup tells the names of those that were set.
IN_ENVIRONMENT = ("SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS", "STRIPE_CONNECT_WEBHOOK_SECRETS")
MOST_TRIES = 5


def make(folder: Path) -> Manifest:
    """Make the backup while everything runs; returns its manifest. Raises BackupError and leaves nothing."""
    if os.path.lexists(folder):
        raise BackupError(f"{folder} exists. A backup never writes over anything: name a new folder.")
    if not folder.parent.is_dir():
        raise BackupError(f"{folder.parent} is no folder. Make it first.")
    backup_databases.refuse_unless_there()
    identity, words = binding.trouble()
    if identity == "gateway.E013":  # the manifest would name another mode than the database's
        raise BackupError(f"({identity}) {words}")
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))  # of mode 0700
    try:
        _copy(part)
        manifest = _write_manifest(part)
        part.rename(folder)  # fails where another backup of that name was faster
        durable(folder.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"No backup was made: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest


def _copy(part: Path) -> None:
    """Database first: what the sandbox did later is caught up after a restore, as it would be from Stripe.

    Secrets that change meanwhile belong to another time: then all is copied again.
    """
    for _ in range(MOST_TRIES):
        before = secrets()
        backup_databases.dump(part / backup_databases.file_name())
        if settings.SANDBOX:
            backup_sandbox.copy(part / STORE)
        if secrets() == before:
            break
    else:
        raise BackupError(f"The files in {settings.VAR_DIR} kept changing. Try again.")
    (part / SECRETS).mkdir(0o700)
    for name, content in before.items():
        with private(part / SECRETS / name) as file:
            file.write(content)


def secrets() -> dict[str, bytes]:
    """Name → content of the secrets in VAR_DIR."""
    found = {}
    for path in sorted({*settings.VAR_DIR.iterdir()} - {*backup_databases.sqlite_files()}):
        if path.is_file() and not any(fnmatch(path.name, pattern) for pattern in NO_SECRETS):
            found[path.name] = path.read_bytes()
    return found


def _write_manifest(part: Path) -> Manifest:
    files = {str(path.relative_to(part)): path for path in sorted(part.rglob("*")) if path.is_file()}
    manifest: Manifest = {
        "format": FORMAT,
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "mode": settings.CONSOLE_MODE,
        "database": connection.vendor,
        "in_environment": [name for name in IN_ENVIRONMENT if os.environ.get(name)],
        "files": {name: {"bytes": path.stat().st_size, "sha256": digest(path)} for name, path in files.items()},
    }
    with private(part / MANIFEST) as file:
        file.write(json.dumps(manifest, indent=2).encode())
    durable(part / SECRETS)
    durable(part)
    return manifest


def digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(folder: Path) -> Manifest:
    """The manifest of a whole backup. Raises BackupError that names the file which is missing, cut short or altered."""
    try:
        manifest: Manifest = json.loads((folder / MANIFEST).read_bytes())
        files: dict[str, Any] = manifest["files"]
        known = manifest["format"] == FORMAT and manifest["mode"] and manifest["database"]
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupError(f"{folder} is not a whole backup: it has no readable {MANIFEST}.") from None
    if not known:
        raise BackupError(f"{folder} was made by another release, whose form this one does not know.")
    for name, entry in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise BackupError(f"{folder} is not a whole backup: {name} is missing.")
        if path.stat().st_size != entry["bytes"] or digest(path) != entry["sha256"]:
            raise BackupError(f"{folder} is not a whole backup: {name} is not as it was written.")
    return manifest


def restore(folder: Path) -> Manifest:
    """Put a backup into an empty database and VAR_DIR; returns its manifest. Safe to repeat after a failure.

    The database comes last, so that what was restored by half has none. Raises BackupError where something would be
    lost, and changes nothing then.
    """
    manifest = verified(folder)
    if manifest["mode"] != settings.CONSOLE_MODE:
        raise BackupError(f"The backup is of {manifest['mode']} mode; CONSOLE_MODE is {settings.CONSOLE_MODE}.")
    if manifest["database"] != connection.vendor:
        raise BackupError(f"The backup is of {manifest['database']}; DATABASE_URL names {connection.vendor}.")
    backup_databases.refuse_unless_empty()
    kept = {Path(name).name: folder / name for name in manifest["files"] if name.startswith(f"{SECRETS}/")}
    if STORE in manifest["files"]:
        kept[STORE] = folder / STORE
    for name, source in kept.items():
        _refuse_other_content(settings.VAR_DIR / name, source)
    try:
        settings.VAR_DIR.mkdir(0o700, parents=True, exist_ok=True)
        for name, source in kept.items():
            put(settings.VAR_DIR / name, source)
        backup_databases.load(folder / backup_databases.file_name(), put)
    except OSError as error:
        raise BackupError(f"Not restored, run it again: {error}") from error
    return manifest


def _refuse_other_content(path: Path, source: Path) -> None:
    """Refuse to replace another file. A secret_key may be replaced: the settings make one where there is none."""
    leftover = [name for name in backup_databases.beside(path) if name.exists()] if path.name == STORE else []
    if leftover or (path.name != "secret_key" and path.exists() and digest(path) != digest(source)):
        raise BackupError(f"{leftover[0] if leftover else path} exists. Restore into an empty VAR_DIR.")


def put(path: Path, source: Path) -> None:
    """Copy a file into its place in one step, readable by its owner alone."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with source.open("rb") as original, private(part) as file:
            shutil.copyfileobj(original, file)
        part.replace(path)
        durable(path.parent)
    finally:
        part.unlink(missing_ok=True)
