#!/usr/bin/env python3
"""Django's command line for the console."""

import os
import sys


def main() -> None:
    """Run one management command under console.settings; what is wrong with them or the database is one line."""
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    from django.core.management import execute_from_command_line

    from console.running.starting import in_one_line, read_settings

    with in_one_line():
        read_settings()
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
