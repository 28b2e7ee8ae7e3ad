"""The sandbox's part of a backup. While it runs no other process can open its store: it is asked for a copy."""

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings

from console.running.backup_databases import BackupError, copy_sqlite, private
from gateway.addresses import DIRECT

SECONDS = 60


def copy(path: Path) -> None:
    """Copy the store of this moment into the file; no file where there is no store. Raises BackupError or OSError."""
    request = urllib.request.Request(f"{settings.STRIPE_API_BASE}/_sandbox/copy", b"{}")  # noqa: S310  (our own sandbox)
    try:
        with DIRECT.open(request, timeout=SECONDS) as answer:
            made = Path(json.load(answer)["file"])
    except urllib.error.HTTPError as error:
        raise BackupError(f"The sandbox did not copy its store: {error.read().decode(errors='replace')}") from None
    except urllib.error.URLError:  # it does not run: nobody has its store open
        store = settings.VAR_DIR / "sandbox.sqlite3"
        if store.exists():
            copy_sqlite(store, path)
        return
    try:
        with made.open("rb") as original, private(path) as file:
            shutil.copyfileobj(original, file)
    finally:
        made.unlink()
