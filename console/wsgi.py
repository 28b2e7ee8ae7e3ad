"""WSGI entry point, served by gunicorn. Refuses to start where mode, key and database do not belong together."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
application = get_wsgi_application()

from gateway import binding  # noqa: E402  (the apps must be loaded first)

binding.verify()
