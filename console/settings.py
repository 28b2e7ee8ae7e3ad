"""Every setting, read from the environment (or `.env`). `.env.example` names and explains each variable."""

import os
from datetime import timedelta
from email.utils import formataddr
from pathlib import Path
from urllib.parse import quote, urlsplit

from csp.constants import NONE, SELF

from console.running import var_dir
from console.running.variables import Variables

env = Variables()
BASE_DIR = Path(__file__).resolve().parent.parent
env.read_file(os.environ.get("ENV_FILE", ""), otherwise=BASE_DIR / ".env")

# --- Where we run -----------------------------------------------------------------------------------------------

VAR_DIR = Path(env.str("VAR_DIR", default="") or BASE_DIR / "var").resolve()
var_dir.prepare(VAR_DIR)
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
CONSOLE_MODE = env.str("CONSOLE_MODE", default="" if STRIPE_SECRET_KEY else "sandbox")
SANDBOX = CONSOLE_MODE == "sandbox"
PORT = env.whole("PORT", default=8000, least=1, most=65535)
SANDBOX_PORT = env.whole("SANDBOX_PORT", default=12111, least=1, most=65535)
DEBUG = env.flag("DEBUG", default=False)
# Where staff reach this console. Every absolute address we hand out is built from it, never from a Host header.
CONSOLE_URL = env.address("CONSOLE_URL", default=f"http://127.0.0.1:{PORT}")
HTTPS = CONSOLE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
SECRET_KEY = env.secret("SECRET_KEY", file=VAR_DIR / "secret_key")
PLATFORM_NAME = env.str("PLATFORM_NAME", default="Northgate Cards")
# Where heads of the audit trail are noted; "": below VAR_DIR. Best on another disk, and copied to another machine.
AUDIT_HEADS = env.str("AUDIT_HEADS", default="")
AUDIT_HEAD_MAIL = env.sender("AUDIT_HEAD_MAIL", default="")  # who is mailed its head each day as well; "" nobody
DEMO_USERS = env.flag("DEMO_USERS", default=SANDBOX)

# --- Stripe -----------------------------------------------------------------------------------------------------

STRIPE_API_VERSION = "2026-10-28.endive"
STRIPE_API_BASE = env.str(
    "STRIPE_API_BASE", default=f"http://127.0.0.1:{SANDBOX_PORT}" if SANDBOX else "https://api.stripe.com"
)
if SANDBOX and not STRIPE_SECRET_KEY:
    STRIPE_SECRET_KEY = "sk_test_sandbox"  # noqa: S105  (the sandbox takes any test key; it opens nothing else)
STRIPE_TIMEOUT = env.seconds("STRIPE_TIMEOUT", default=10.0, least=0.1)  # seconds; a person waits for one attempt
# Calls a second of all processes together, below what Stripe allows; 0: no limit.
STRIPE_RATE = env.seconds("STRIPE_RATE", default={"live": 80.0, "sandbox": 200.0}.get(CONSOLE_MODE, 20.0))
# Requests that each web process works on at once; at most half of them may wait for Stripe.
THREADS = env.whole("THREADS", default=8, least=1)
BULK_THREADS = env.whole("BULK_THREADS", default=3, least=1)  # rows of a bulk run under way at once in a worker process
# Each endpoint's secrets, the newest first; two during a roll-over. In the sandbox they are kept in VAR_DIR.
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=[])
STRIPE_CONNECT_WEBHOOK_SECRETS = env.list("STRIPE_CONNECT_WEBHOOK_SECRETS", default=[])
# The platform's own page where a signed-in holder starts onboarding; staff may send this address to anybody.
ONBOARDING_URL = env.address("ONBOARDING_URL", default="")
APPROVAL_POLICY = env.str("APPROVAL_POLICY", default="") or str(BASE_DIR / "console" / "approvals" / "policy.toml")
ACCOUNT_MODEL = "accounts.Account"
# Requirement keys that this platform lets stay open: a bank account is needed only to pay out of the Issuing balance.
IGNORED_REQUIREMENTS = env.list("IGNORED_REQUIREMENTS", default=["external_account"])

# --- Intervals (all wall time, seconds) -------------------------------------------------------------------------

SWEEP_INTERVAL = env.seconds("SWEEP_INTERVAL", default=30.0)
WAKE_INTERVAL = env.seconds("WAKE_INTERVAL", default=0.2, least=0.01)
CLAIM_SECONDS = env.seconds("CLAIM_SECONDS", default=60.0)
WORKER_TICK = env.seconds("WORKER_TICK", default=1.0, least=0.01)
HEARTBEAT_INTERVAL = env.seconds("HEARTBEAT_INTERVAL", default=5.0)
HEARTBEAT_LIMIT = env.seconds("HEARTBEAT_LIMIT", default=30.0)
ROUND_LIMIT = env.seconds("ROUND_LIMIT", default=120.0)
STALE_AFTER = env.seconds("STALE_AFTER", default=600.0)
CATCH_UP_INTERVAL = env.seconds("CATCH_UP_INTERVAL", default=3600.0)
WORK_SESSION_IDLE = timedelta(minutes=30)
WORK_SESSION_LIFE = timedelta(hours=8)
JOB_TURN = env.seconds("JOB_TURN", default=20.0)  # a job works so long, then what else waits for the worker comes first
PERSONAL_TOKEN_LIFE = timedelta(hours=12)
# Passwords that one web process hashes at once (100 MiB each), and how long a sign-in waits for its turn.
SIGN_IN_HASHES = env.whole("SIGN_IN_HASHES", default=2, least=1)
SIGN_IN_WAIT = env.seconds("SIGN_IN_WAIT", default=2.0)

# --- Long work (console/jobs) -----------------------------------------------------------------------------------

# Jobs that are worked on at once, over all machines; one less than WORKERS keeps a process for all else.
JOBS_AT_ONCE = env.whole("JOBS_AT_ONCE", default=1, least=1)
JOB_FILE_DAYS = env.whole("JOB_FILE_DAYS", default=7, least=1)  # then a job's file is removed
# An export of at most so many rows is answered at once; more of them are a job.
EXPORT_STREAM_ROWS = env.whole("EXPORT_STREAM_ROWS", default=5000)

# --- Django -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_q",
    "gateway.apps.GatewayConfig",
    "console.apps.ConsoleConfig",
    "accounts.apps.AccountsConfig",
    "issuing.apps.IssuingConfig",
    "sandbox",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "console.shell.middleware.compressed",
    "console.shell.middleware.served",
    "csp.middleware.CSPMiddleware",
    "console.shell.middleware.headers",
    "console.shell.middleware.bodies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "console.shell.middleware.work_session",
]
ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["console.shell.outside.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.shell.context.frame",
            ],
            "builtins": ["console.templatetags.console"],
        },
    }
]
DATABASE_CONNECT_TIMEOUT = env.whole("DATABASE_CONNECT_TIMEOUT", default=2, least=1)
DATABASE_PING_TIMEOUT = env.seconds("DATABASE_PING_TIMEOUT", default=1.0)
DATABASE_STATEMENT_TIMEOUT = env.seconds("DATABASE_STATEMENT_TIMEOUT", default=15.0)
LIST_TIMEOUT = env.seconds("LIST_TIMEOUT", default=0.3)  # of a list that is narrowed in two ways or more
DATABASE_LOCK_TIMEOUT = env.seconds("DATABASE_LOCK_TIMEOUT", default=10.0)
# No transaction of ours waits for anything else: one that is idle so long has lost its client and holds its locks.
DATABASE_IDLE_TIMEOUT = env.seconds("DATABASE_IDLE_TIMEOUT", default=15.0)
DATABASE_KEEPALIVE = env.whole("DATABASE_KEEPALIVE", default=10, least=1)
# How long a locked SQLite is waited for while somebody looks at the browser, and while Stripe waits.
PAGE_PATIENCE = env.seconds("PAGE_PATIENCE", default=1.5)
WEBHOOK_PATIENCE = env.seconds("WEBHOOK_PATIENCE", default=5.0)
OWN_DATABASE = VAR_DIR / "console.sqlite3"
DATABASES = {"default": env.database("DATABASE_URL", default=f"sqlite:///{quote(str(OWN_DATABASE))}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "console.databases.bounded_sqlite3"
    var_dir.close_database(Path(DATABASES["default"]["NAME"]))
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["ENGINE"] = "console.databases.bounded_postgresql"
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    keep_alive = {"idle": DATABASE_KEEPALIVE, "interval": max(1, DATABASE_KEEPALIVE // 3), "count": 3}  # both ends'
    limits = {
        "statement_timeout": DATABASE_STATEMENT_TIMEOUT,
        "lock_timeout": DATABASE_LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": DATABASE_IDLE_TIMEOUT,
    }
    server_side = {
        **{name: round(1000 * seconds) for name, seconds in limits.items()},
        **{f"tcp_keepalives_{name}": value for name, value in keep_alive.items()},
        # What is asked is small, and found by an index: a second process, or a whole table, takes longer.
        "max_parallel_workers_per_gather": 0,
        "jit": 0,  # to compile a query takes longer than any of ours
        "random_page_cost": 1.1,
    }
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": DATABASE_CONNECT_TIMEOUT,
        **{f"keepalives_{name}": value for name, value in keep_alive.items()},
        "tcp_user_timeout": 2000 * DATABASE_KEEPALIVE,
        "options": " ".join(f"-c {name}={value}" for name, value in server_side.items()),
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHE_URL = env.str("CACHE_URL", default="")
CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}
AUTH_USER_MODEL = "console.User"
AUTHENTICATION_BACKENDS = ["console.people.backend.OneReadBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "console.people.hashing.Argon2",
    "console.people.hashing.PBKDF2",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "console.admin_formats"
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default="") or VAR_DIR / "static")
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700  # of collected static files
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes of any body (console.shell.middleware.bodies); webhooks have less
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]  # nothing goes to the disk

# --- Mail -------------------------------------------------------------------------------------------------------

# Without EMAIL_URL the sandbox sends nothing: its mailbox page shows the rows. Elsewhere mails wait, and then fail.
_mail = env.mail("EMAIL_URL")
EMAIL_BACKEND = (
    "console.mail.smtp.Backend" if _mail["host"] or not SANDBOX else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST, EMAIL_PORT = _mail["host"], _mail["port"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["user"], _mail["password"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["scheme"] == "smtp+tls", _mail["scheme"] == "smtp+ssl"
EMAIL_TIMEOUT = env.seconds("EMAIL_TIMEOUT", default=10.0, least=0.1)  # seconds for each answer of the server
MAIL_RETRY = env.seconds("MAIL_RETRY", default=30.0)  # seconds before the second try; each pause is twice the last
DEFAULT_FROM_EMAIL = SERVER_EMAIL = formataddr(
    (" ".join(PLATFORM_NAME.split()), env.sender("MAIL_FROM", default=f"console@{urlsplit(CONSOLE_URL).hostname}"))
)

# --- The browser ------------------------------------------------------------------------------------------------

SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "console.shell.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [CONSOLE_URL] if HTTPS else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", default=False) else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Background work --------------------------------------------------------------------------------------------

Q_CLUSTER = {
    "name": "console",
    "orm": "default",
    "workers": env.whole("WORKERS", default=2, least=1),
    "timeout": 60,
    "queue_limit": 4,
    "retry": 240,  # the clock of a retry starts when a task is popped: more than timeout × (queue_limit / workers + 1)
    "bulk": 10,
    "save_limit": -1,
    "poll": env.seconds("QUEUE_POLL", default=0.2, least=0.01),
    "ack_failures": True,
    "catch_up": False,
    "scheduler": False,  # the worker's rounds call it (gateway.queue.run_schedules)
    "log_level": "WARNING",
}

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL = env.one_of("LOG_LEVEL", default="INFO", words=LOG_LEVELS)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "stripe": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
        # Request lines of refused pages would carry addresses; our own audit says more and with less.
        "django.request": {"level": "ERROR"},
    },
}
