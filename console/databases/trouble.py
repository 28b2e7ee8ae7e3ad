"""What a database's error means for whoever starts the console: one line that says what to do."""

from pathlib import Path

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError

MIGRATE = "It is not migrated, or only in part: run `manage.py migrate`."
HALF = "It was left half made: restore a backup (`manage.py restore`), or name an empty one in DATABASE_URL."
DAMAGED = "Move it away, then restore a backup (`manage.py restore`)."
WRITE = "Its user must be allowed to make tables there."
# What the database says, and what to do then. The first that fits counts.
SQLITE = {
    "file is not a database": f"It is no SQLite database. {DAMAGED}",
    "malformed": f"It is damaged. {DAMAGED}",
    "readonly": "This user may not write it. Give it to the console's user.",
    "locked": "Another process holds it. End that process, or wait for it.",
    "already exists": HALF,
    "no such table": MIGRATE,
    "no such column": MIGRATE,
    "unable to open": "Its folder must be there, and writable for this user.",
    "disk i/o error": "The disk fails, or is full.",
    "full": "The disk is full.",
}
POSTGRESQL = {
    "password": "Correct the user and the password in DATABASE_URL.",
    "role": "Correct the user and the password in DATABASE_URL.",
    "pg_hba.conf": "Let this machine and user in (pg_hba.conf), or correct DATABASE_URL.",
    "already exists": HALF,
    "relation": MIGRATE,
    "column": MIGRATE,
    "database": "Make it (createdb), or correct its name in DATABASE_URL.",
    "permission denied": WRITE,
    "no schema has been selected": WRITE,
}
AWAY = "Start it, or correct DATABASE_URL."
# Said of a database that may be there in a moment; a worker waits for it.
PASSING = ("refused", "timeout", "timed out", "did not answer", "starting up", "shutting down", "in recovery mode")
PASSING += ("locked", "too many", "reserved for", "terminat", "closed", "no route", "unreachable", "resolve", "reset")


def explain(error: Error) -> str:
    """One line that names the database, what it said and what to do; "" where the error tells of no such trouble."""
    said = " ".join(str(error).split()).rstrip(".")
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        where, hints, otherwise = _sqlite_file(), SQLITE, ""
    else:
        where, hints, otherwise = _server(), POSTGRESQL, AWAY if may_pass(error) else ""
    lower = said.lower()
    advice = otherwise or next((hint for words, hint in hints.items() if words in lower), "")
    return f"{where} cannot be used: {said}. {advice}" if advice else ""


def may_pass(error: Error) -> bool:
    """Whether waiting may help: the server is away, starting or full; not a wrong name, password or file."""
    text = str(error).lower()
    return isinstance(error, OperationalError | InterfaceError) and any(words in text for words in PASSING)


def _sqlite_file() -> str:
    path = Path(settings.DATABASES["default"]["NAME"])
    return f"The database {path}{', which is a folder,' if path.is_dir() else ''}"


def _server() -> str:
    """Without the password, which stands in DATABASE_URL too."""
    named = settings.DATABASES["default"]
    return f"The database {named['NAME']} at {named['HOST'] or 'this machine'}:{named['PORT'] or 5432} (DATABASE_URL)"
