"""What can be wrong at a start ends it in one line on standard error, with exit status 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error

from console.databases import trouble


def read_settings() -> None:
    """Read every setting now. Raises ImproperlyConfigured."""
    settings.VAR_DIR  # noqa: B018  (the first one read loads them all)


@contextmanager
def in_one_line() -> Iterator[None]:
    """End the process with one line for a wrong setting, or an unusable database; bugs keep their traceback."""
    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(" ".join(str(error).split()))
    except Error as error:
        words = trouble.explain(error, settings.DATABASES["default"])
        if not words:
            raise
        sys.exit(words)
