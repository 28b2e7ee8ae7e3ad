"""`manage.py backup DIR`: database, secrets and the sandbox's store of one moment, while everything runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from console.running import backup
from console.running.backup_databases import BackupError


class Command(BaseCommand):
    """Make a new folder that `manage.py restore` takes."""

    help = "Copy database and secrets of one moment into a new folder (mode 0700), while everything runs."
    requires_system_checks: list[str] = []  # what is wrong with the settings must not keep anybody from a backup

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder."""
        parser.add_argument("folder", metavar="DIR", type=Path, help="must not exist yet; its parent must")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Print one line, and what the backup does not hold."""
        try:
            manifest = backup.make(folder.absolute())
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from None
        size = sum(file["bytes"] for file in manifest["files"].values())
        self.stdout.write(f"{folder}: {len(manifest['files'])} files, {size} bytes, of {manifest['mode']} mode.")
        if manifest["in_environment"]:
            self.stdout.write(f"Not in it, because the environment has them: {', '.join(manifest['in_environment'])}.")
