"""dj-stripe as its documentation sets it up, without anything that a delivery does not need."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "bench"  # it signs nothing
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "djstripe", "benchmarks.peer_project"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # says how long an answer is, so that connections live on
ROOT_URLCONF = "benchmarks.peer_project.urls"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username or "",
        "PASSWORD": _database.password or "",
        "HOST": _database.hostname or "",
        "PORT": str(_database.port or ""),
        "CONN_MAX_AGE": None,
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"quiet": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["quiet"]},
    "loggers": {"django": {"handlers": ["quiet"], "propagate": False}},
}

DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
STRIPE_LIVE_MODE = False
STRIPE_TEST_SECRET_KEY = "sk_test_" + 24 * "0"  # of the length that dj-stripe asks for
SILENCED_SYSTEM_CHECKS = ["djstripe.W002"]  # the next line
STRIPE_API_HOST = os.environ["STRIPE_API_BASE"]
FROM_SNAPSHOTS = os.environ.get("PEER_SNAPSHOTS") == "1"
