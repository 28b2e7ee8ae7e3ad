#!/usr/bin/env python3
"""Django's command line for the console."""

import os
import sys


def main() -> None:
    """Run one management command under console.settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
