"""`manage.py restore DIR`: a backup into an empty database and VAR_DIR."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from console.mail import mails
from console.running import backup
from console.running.backup_databases import BackupError


class Command(BaseCommand):
    """Refuse what is not whole, and any place that is not empty."""

    help = "Restore a backup into an empty database and VAR_DIR. Then run `manage.py migrate` and `verify_audit`."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder, and --check."""
        parser.add_argument("folder", metavar="DIR", type=Path, help="made by `manage.py backup`")
        parser.add_argument("--check", action="store_true", help="only say whether the backup is whole")

    def handle(self, *args: Any, folder: Path, check: bool, **options: Any) -> None:
        """Print one line, and what the environment must hold again."""
        try:
            manifest = backup.verified(folder) if check else backup.restore(folder)
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from None
        done = "is whole" if check else "restored"
        self.stdout.write(f"{folder} {done}: {manifest['mode']} mode, made at {manifest['made_at']}.")
        if not check and (doubt := mails.doubt_all()):
            self.stdout.write(
                f"{doubt} mails waited in it and may have been sent since: decide (manage.py mail_settle)."
            )
        missing = [name for name in manifest["in_environment"] if not os.environ.get(name)]
        if missing:
            self.stdout.write(f"The environment had these and has them no more: {', '.join(missing)}.")
