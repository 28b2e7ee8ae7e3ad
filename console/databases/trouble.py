"""What a database's error means for whoever starts the console: one line that says what to do."""

import re
from pathlib import Path
from typing import Any

from django.db import DataError, Error, IntegrityError, InterfaceError, OperationalError

MIGRATE = "It is not migrated, or only in part: run `manage.py migrate`."
HALF = "It was left half made: restore a backup (`manage.py restore`), or name an empty one in DATABASE_URL."
RESTORE = "Move it away, then restore a backup (`manage.py restore`)."
SIGN_IN = "Correct the user and the password in DATABASE_URL."
RIGHTS = "Its user must be allowed to make tables there."
AWAY = "Start it, or correct DATABASE_URL."
# What the database says, as a pattern, and what to do then. The first that fits counts.
SQLITE = {
    "file is not a database": f"It is no SQLite database. {RESTORE}",
    "malformed": f"It is damaged. {RESTORE}",
    "readonly": "This user may not write it. Give it to the console's user.",
    "is locked": "Another process holds it. End that process, or wait for it.",
    "already exists": HALF,
    "no such (table|column)": MIGRATE,
    "unable to open": "Its folder must be there, and this user must be allowed to write in it.",
    "disk I/O error|disk is full": "The disk fails, or is full.",
}
POSTGRESQL = {
    "password|role .* does not exist": SIGN_IN,
    "pg_hba.conf": "Let this machine and user in (pg_hba.conf), or correct DATABASE_URL.",
    "already exists": HALF,
    "(relation|column) .* does not exist": MIGRATE,
    "database .* does not exist": "Make it (createdb), or correct its name in DATABASE_URL.",
    "permission denied|no schema has been selected": RIGHTS,
    "SSL|certificate|connection failed": "Correct DATABASE_URL.",
}
# Said of a database that may be there in a moment; a worker waits for it.
PASSING = re.compile(
    "refused|timeout|timed out|did not answer|starting up|shutting down|recovery mode|is locked|too many|reserved for"
    "|terminat|closed|no route|unreachable|resolve|reset",
    re.IGNORECASE,
)


def explain(error: Error, database: dict[str, Any]) -> str:
    """One line that names the database, what it said and what to do; "" where the error has another cause.

    `database` are its settings. The password, which stands in DATABASE_URL too, is not in the line.
    """
    if isinstance(error, IntegrityError | DataError):
        return ""
    problem = " ".join(str(error).split()).rstrip(".?")
    if database["ENGINE"].endswith("sqlite3"):
        where = str(database["NAME"])
        advice = f"It is a folder. {RESTORE}" if Path(where).is_dir() else _fitting(SQLITE, problem)
    else:
        where = f"{database['NAME']} at {database['HOST'] or 'this machine'}:{database['PORT'] or 5432} (DATABASE_URL)"
        advice = AWAY if PASSING.search(problem) else _fitting(POSTGRESQL, problem)
    return f"The database {where} cannot be used: {problem}. {advice}" if advice else ""


def may_pass(error: Error) -> bool:
    """Whether waiting may help: the server is away, starting or full; not a wrong name, password or file."""
    return isinstance(error, OperationalError | InterfaceError) and bool(PASSING.search(str(error)))


def _fitting(hints: dict[str, str], problem: str) -> str:
    return next((hint for pattern, hint in hints.items() if re.search(pattern, problem, re.IGNORECASE)), "")
