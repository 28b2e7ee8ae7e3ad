"""WSGI entry point, served by gunicorn. Refuses to start where mode, key and database do not belong together."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
application = get_wsgi_application()

from gunicorn.errors import AppImportError  # type: ignore[import-untyped]  # noqa: E402

from console.running.starting import in_one_line  # noqa: E402  (the apps must be loaded first)
from gateway import binding  # noqa: E402

try:
    with in_one_line():
        binding.verify()
except SystemExit as error:
    raise AppImportError(str(error)) from None  # gunicorn then says the line and ends, instead of trying for ever
