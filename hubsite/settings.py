"""Every setting of the site, taken from the environment; nothing has to be set.

Owns the reading and checking of the environment: a value that cannot be used raises
``ImproperlyConfigured`` with one line that names the variable, the value and what is
allowed (of ``DATABASE_URL``, ``REPLICA_URL``, ``SECRET_KEY`` and keys of services never the value, a secret).
Rules of the domain live in the rooms, not here.

DATABASE_URL           sqlite:///FILE (relative to manage.py) or postgres://USER:PASSWORD@HOST:PORT/NAME;
                       default: db.sqlite3 beside manage.py
DATABASE_POOL          keep a pool of PostgreSQL connections in each process; default off
REPLICA_URL            a read replica of a PostgreSQL in DATABASE_URL, as that is written: pages of readers
                       without a login read from it (hubsite/replica.py); default none
SECRET_KEY             default: a random one, kept in .secret-key beside manage.py
DEBUG                  default off
ALLOWED_HOSTS          host names, comma-separated; default localhost,127.0.0.1,[::1]
PUBLIC_URL             where readers find the site, for links printed by commands and for the address that
                       a page names as its own; default http://127.0.0.1:PORT, and the host asked for
PORT                   the port of that default; default 8000
CSRF_TRUSTED_ORIGINS   https://… origins whose forms are accepted, comma-separated; default none
SERVED_OVER_HTTPS      cookies over https only; default on where PUBLIC_URL is https
PROXY_SETS_FORWARDED_PROTO  the proxy in front overwrites X-Forwarded-Proto: believe it; default off
HSTS_SECONDS           how long browsers shall insist on https; default 0, not at all
STATIC_ROOT            where collectstatic puts files; default staticfiles/ beside manage.py
LIBRARY_NAME           the name in the page header; default "Citation hub"
CONTACT_EMAIL          whom readers and outside APIs may write to; default nobody
TIME_ZONE              of the times shown, such as Europe/Berlin; default UTC. Stored times are UTC
FETCHED_FOLDER         where `fetch` keeps the answers of services; default fetched/ beside manage.py
FETCHED_DAYS           how long a kept answer is not asked for again; default 7
SEMANTIC_SCHOLAR_URL   address of its Graph API; default https://api.semanticscholar.org/graph/v1
SEMANTIC_SCHOLAR_API_KEY  the key for it; default none
OPENALEX_URL           address of its API; default https://api.openalex.org
OPENALEX_API_KEY       the key for it; default none
CROSSREF_URL           address of its API; default https://api.crossref.org
CROSSREF_API_KEY       the key for it, of Metadata Plus; default none
GROBID_URL             a GROBID server that reads PDFs, such as http://127.0.0.1:8070; default none
CLASSIFIER_MODEL       a file of `train_classifier` that labels sentences, relative to manage.py; default
                       none: the cue model reads
LLM_BASE_URL           a server with OpenAI's chat completions that may label sentences, such as
                       http://127.0.0.1:8080/v1; default none: no sentence leaves the machine
LLM_MODEL              the model to ask there; needed with LLM_BASE_URL
LLM_API_KEY            the key for it; default none
LLM_BUDGET_REQUESTS    how many requests a run may send; default 1000
LLM_BUDGET_TOKENS      how many tokens a run may use; default 1000000
"""

import os
import re
import secrets
import warnings
import zoneinfo
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
SQLITE = "django.db.backends.sqlite3"
env = environ.Env()

# --- reading the environment ---------------------------------------------------------------


def refusal(name, value, allowed):
    """The error for a variable whose value cannot be used."""
    return ImproperlyConfigured(f"{name}={value!r} cannot be used; allowed: {allowed}.")


def flag(name, *, default):
    """The variable as True or False. Raises ImproperlyConfigured for any other word."""
    words = {word: True for word in ("1", "true", "yes", "on")}
    words |= {word: False for word in ("0", "false", "no", "off")}
    value = env.str(name, default="on" if default else "off")
    if value.strip().lower() not in words:
        raise refusal(name, value, "1, true, yes, on, 0, false, no, off")
    return words[value.strip().lower()]


def text(name, *, default):
    """The variable as text that is not blank. Raises ImproperlyConfigured for blank text."""
    value = env.str(name, default=default).strip()
    if not value:
        raise refusal(name, value, "any text that is not blank, or leave it unset")
    return value


def whole_number(name, *, default, low, high):
    """The variable as an int from ``low`` to ``high``. Raises ImproperlyConfigured otherwise."""
    value = env.str(name, default=str(default))
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise refusal(name, value, f"a whole number from {low} to {high}")
    return int(value)


def entries(name, *, default, pattern, allowed):
    """The comma-separated variable as a list. Raises ImproperlyConfigured for an entry off ``pattern``."""
    found = [entry.strip() for entry in env.str(name, default=default).split(",")]
    found = [entry for entry in found if entry]
    for entry in found:
        if not re.fullmatch(pattern, entry):
            raise refusal(name, entry, allowed)
    return found


def address(name, *, default):
    """The variable as an http(s) address, no slash at its end. Raises ImproperlyConfigured otherwise."""
    value = env.str(name, default=default).strip().rstrip("/")
    host = r"([\w-]+(\.[\w-]+)*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?"
    if value != default and not re.fullmatch(rf"https?://{host}(/[\w.~-]+)*", value):
        # What stands before an @ is a password.
        raise refusal(
            name, value.rpartition("@")[2], "http://HOST:PORT/PATH or https://…, without a password"
        )
    return value


def api_key(name):
    """The variable as a key, "" where it is not set. Raises ImproperlyConfigured without quoting it."""
    value = env.str(name, default="").strip()
    if not re.fullmatch("[!-~]*", value):
        raise refusal(name, "…", "a key of letters, digits and signs without blanks, or leave it unset")
    return value


# A page asks PostgreSQL for a few rows at a time. Compiling such a statement (half a second, where a hub of
# 130,000 is read) or sharing it between processes (30 ms of a hub page) costs more than it saves; statements
# that read a whole table still are shared.
PLANNER = "-c jit=off -c parallel_setup_cost=20000"
READ_ONLY = "-c default_transaction_read_only=on"


def database(url, *, pool, name="DATABASE_URL"):
    """The entry of ``DATABASES`` for ``url``, the variable ``name``.

    Raises ImproperlyConfigured without quoting its password.
    """
    allowed = "sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME"
    scheme, colon, _rest = url.partition(":")
    shown = f"{scheme}:…" if colon else url
    if scheme not in ("sqlite", "postgres", "postgresql"):
        raise refusal(name, shown, allowed)
    if "#" in url:
        raise refusal(name, f"{shown}#…", f"{allowed}, with # written as %23")
    if scheme == "sqlite":
        return sqlite(url, allowed)
    try:
        config = env.db_url_config(url)
    except ValueError:
        raise refusal(name, shown, f"{allowed}, with a number as PORT") from None
    if not config["NAME"]:
        raise refusal(name, f"{shown} without a NAME", allowed)
    # A pool keeps the connections itself and refuses to share them with CONN_MAX_AGE.
    ages = {"CONN_MAX_AGE": 0} if pool else {"CONN_MAX_AGE": 60}
    options = {**config.get("OPTIONS", {}), **({"pool": True} if pool else {})}
    options["options"] = f"{PLANNER} {options.get('options', '')}".strip()
    return {**ages, "CONN_HEALTH_CHECKS": True, **config, "OPTIONS": options}


def replica(url, *, pool):
    """The entry of ``DATABASES`` for the read replica ``url``. Raises as ``database`` does."""
    if DATABASES["default"]["ENGINE"] == SQLITE or url.startswith("sqlite"):
        scheme = url.partition(":")[0]
        raise refusal("REPLICA_URL", f"{scheme}:…", "a PostgreSQL replica of a PostgreSQL in DATABASE_URL")
    config = database(url, pool=pool, name="REPLICA_URL")
    # A replica that is gone is noticed soon: while it is looked for, a reader waits.
    soon = {"connect_timeout": 2, "tcp_user_timeout": 3000}
    options = {**soon, **config["OPTIONS"], "options": f"{config['OPTIONS']['options']} {READ_ONLY}"}
    return {**config, "OPTIONS": options, "TEST": {"MIRROR": "default"}}


def sqlite(url, allowed):
    """The entry of ``DATABASES`` for a SQLite file; ``sqlite://`` alone is a database in memory."""
    # Not django-environ: it reads a + in a file name as a blank, and a host as nothing at all.
    rest = url.removeprefix("sqlite:")
    if rest not in ("//", "///", "//:memory:") and not re.fullmatch("///[^?]+", rest):
        raise refusal("DATABASE_URL", url, f"{allowed}, with ? written as %3F")
    name = unquote(rest[3:])
    return {
        "ENGINE": SQLITE,
        "NAME": BASE_DIR / name if len(rest) > 3 and rest != "//:memory:" else ":memory:",
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            # Readers go on while an import writes; NORMAL is safe in WAL but for the last
            # moments before a power cut. The cache size is in KiB, negative by SQLite's rule.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536",
            # A transaction that begins by reading and then writes fails at once when another
            # has written meanwhile; one that takes the write lock first waits for it.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    }


def kept_secret_key(path):
    """The key kept in the file ``path``, made on first use (mode 0600). Raises ImproperlyConfigured."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        if not path.exists():
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(64))
            try:
                # A link appears whole or not at all, and never replaces the key of another process.
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"SECRET_KEY is not set, and a random one cannot be kept in {path} ({error}); set SECRET_KEY."
        ) from None
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} holds no usable key; remove it, or set SECRET_KEY.")
    return key


# --- what an installation may choose -------------------------------------------------------

DEBUG = flag("DEBUG", default=False)

if "SECRET_KEY" in env:
    SECRET_KEY = text("SECRET_KEY", default="")
else:
    SECRET_KEY = kept_secret_key(BASE_DIR / ".secret-key")

DATABASE_POOL = flag("DATABASE_POOL", default=False)
DATABASES = {"default": database(env.str("DATABASE_URL", default="sqlite:///db.sqlite3"), pool=DATABASE_POOL)}
REPLICA_URL = env.str("REPLICA_URL", default="").strip()
if REPLICA_URL:
    DATABASES["replica"] = replica(REPLICA_URL, pool=DATABASE_POOL)
    DATABASE_ROUTERS = ["hubsite.replica.Router"]

ALLOWED_HOSTS = entries(
    "ALLOWED_HOSTS",
    default="localhost,127.0.0.1,[::1]",
    pattern=r"\*|\.?[\w-]+(\.[\w-]+)*|\[[0-9A-Fa-f:.]+\]",
    allowed="host names without scheme or port, comma-separated",
)
if not ALLOWED_HOSTS:
    raise refusal("ALLOWED_HOSTS", "", "at least one host name, or leave it unset")
ORIGIN = r"https?://(\*\.)?([\w-]+(\.[\w-]+)*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?"
CSRF_TRUSTED_ORIGINS = entries(
    "CSRF_TRUSTED_ORIGINS",
    default="",
    pattern=ORIGIN,
    allowed="origins such as https://hub.example.org, comma-separated",
)
PORT = whole_number("PORT", default=8000, low=1, high=65535)
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
# Then pages name themselves by it too, else by what they were asked as.
PUBLIC_URL_IS_SET = "PUBLIC_URL" in env
if "*" in PUBLIC_URL or not re.fullmatch(ORIGIN, PUBLIC_URL):
    raise refusal("PUBLIC_URL", PUBLIC_URL, "an address without a path, such as https://hub.example.org")

LIBRARY_NAME = text("LIBRARY_NAME", default="Citation hub")
CONTACT_EMAIL = env.str("CONTACT_EMAIL", default="").strip()
if CONTACT_EMAIL and not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", CONTACT_EMAIL):
    raise refusal("CONTACT_EMAIL", CONTACT_EMAIL, "one mail address, or nothing")

TIME_ZONE = text("TIME_ZONE", default="UTC")
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
    allowed = "a name of the time zone database, such as UTC or Europe/Berlin"
    raise refusal("TIME_ZONE", TIME_ZONE, allowed) from None

FETCHED_FOLDER = BASE_DIR / text("FETCHED_FOLDER", default="fetched")
FETCHED_DAYS = whole_number("FETCHED_DAYS", default=7, low=0, high=3650)
SEMANTIC_SCHOLAR_URL = address("SEMANTIC_SCHOLAR_URL", default="https://api.semanticscholar.org/graph/v1")
SEMANTIC_SCHOLAR_API_KEY = api_key("SEMANTIC_SCHOLAR_API_KEY")
OPENALEX_URL = address("OPENALEX_URL", default="https://api.openalex.org")
OPENALEX_API_KEY = api_key("OPENALEX_API_KEY")
CROSSREF_URL = address("CROSSREF_URL", default="https://api.crossref.org")
CROSSREF_API_KEY = api_key("CROSSREF_API_KEY")
# Checked here; papers/importers/pdf.py, which knows no settings, reads the same variable.
GROBID_URL = address("GROBID_URL", default="")

CLASSIFIER_MODEL = env.str("CLASSIFIER_MODEL", default="").strip()
if CLASSIFIER_MODEL:
    CLASSIFIER_MODEL = BASE_DIR / CLASSIFIER_MODEL

LLM_BASE_URL = address("LLM_BASE_URL", default="")
LLM_MODEL = env.str("LLM_MODEL", default="").strip()
if not re.fullmatch("[!-~]{1,200}" if LLM_BASE_URL else "[!-~]{0,200}", LLM_MODEL):
    raise refusal("LLM_MODEL", LLM_MODEL, "the name of a model, without blanks; needed with LLM_BASE_URL")
LLM_API_KEY = api_key("LLM_API_KEY")
LLM_BUDGET_REQUESTS = whole_number("LLM_BUDGET_REQUESTS", default=1000, low=0, high=10**9)
LLM_BUDGET_TOKENS = whole_number("LLM_BUDGET_TOKENS", default=10**6, low=0, high=10**12)

SERVED_OVER_HTTPS = flag("SERVED_OVER_HTTPS", default=urlsplit(PUBLIC_URL).scheme == "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SERVED_OVER_HTTPS
if flag("PROXY_SETS_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = whole_number("HSTS_SECONDS", default=0, low=0, high=10 * 365 * 86400)

# --- the application -----------------------------------------------------------------------

INSTALLED_APPS = [
    "hubsite.curating.CuratingConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",  # for the htmx in its static files
    "simple_history",
    "axes",
    "csp",
    "papers",
    "citations",
    "explorer",
]

# No GZipMiddleware: compressing pages that carry a CSRF token invites BREACH. Whitenoise
# serves compressed static files, KeptPages compresses pages that everybody sees alike.
# BoundedWork stands after KeptPages: a page that is kept needs no slot.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "explorer.caching.KeptPages",
    "explorer.limits.BoundedWork",
    "csp.middleware.CSPMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "explorer.caching.MarksAdminWrites",
]
if REPLICA_URL:
    # Around KeptPages: the mark and the page that is kept under it come from one server.
    MIDDLEWARE.insert(MIDDLEWARE.index("explorer.caching.KeptPages"), "hubsite.replica.ReadsFromReplica")

# Pages are kept in each process (explorer/caching.py), those of addresses with a question mark apart;
# some 60 MB when both are full.
CACHES = {
    name: {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": name,
        "OPTIONS": {"MAX_ENTRIES": entries_kept},
    }
    for name, entries_kept in (("default", 300), ("questions", 100))
}

ROOT_URLCONF = "hubsite.urls"
WSGI_APPLICATION = "hubsite.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- who may log in ------------------------------------------------------------------------

LOGIN_URL = "admin:login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The pair is locked, so that nobody is shut out by the failures of others. The address is
# that of the connection: a header that a client can write itself must not choose it.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]

# --- what a browser may do -----------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- static files --------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / text("STATIC_ROOT", default="staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "hubsite.staticfiles.CollectedOrPlainStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG or not (STATIC_ROOT / "staticfiles.json").exists()
# What whitenoise says of each start in a checkout where nothing has been collected.
warnings.filterwarnings("ignore", message="No directory at")

# --- languages and times -------------------------------------------------------------------

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["hubsite.formats"]
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
# Of a language chosen in the footer. docs/nginx.conf knows the cookie by its name.
LANGUAGE_COOKIE_NAME = "django_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SERVED_OVER_HTTPS
USE_TZ = True

# --- limits and log ------------------------------------------------------------------------

NINJA_PAGINATION_MAX_LIMIT = 100


def without_traceback(record):
    """Lets ``record`` pass, in one line."""
    record.exc_info = None
    return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"one_line": {"()": "django.utils.log.CallbackFilter", "callback": without_traceback}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},
        # Not a line for each page that does not exist: crawlers ask for many.
        "django.request": {"level": "ERROR"},
        # Whoever set ALLOWED_HOSTS wrong needs the line; the traceback says nothing more.
        "django.security.DisallowedHost": {"filters": ["one_line"]},
        # Below these levels they write addresses of requests, and OpenAlex takes its key in them.
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        # Commands say themselves what they wait for.
        "stamina": {"level": "ERROR"},
    },
}
