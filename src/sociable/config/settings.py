"""Decides how this installation runs, from the environment alone.

Every setting is listed in docs/reference/settings.md; a wrong one stops the start with a sentence that says how to mend it.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def _text(name: str, default: str = "") -> str:
    """Return a setting; NAME_FILE names a file that holds it, so that secrets need not stand in the environment."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default).strip()


def _number(name: str, default: int) -> int:
    raw = _text(name, str(default))
    try:
        return int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from None


def _list(name: str) -> list[str]:
    return [part.strip() for part in _text(name).split(",") if part.strip()]


PACKAGE_DIR = Path(__file__).resolve().parent.parent

# -- What kind of installation -------------------------------------------------------------------------------------
MODE = _text("SOCIABLE_MODE", "example")
if MODE not in ("example", "real"):
    raise ImproperlyConfigured(f"SOCIABLE_MODE must be 'example' or 'real', not {MODE!r}.")
EXAMPLE = MODE == "example"
DATA_DIR = Path(_text("DATA_DIR", "data")).resolve()
PORT = _number("PORT", 8000)
HOST = _text("HOST", "127.0.0.1")
SMTP_PORT = _number("SMTP_PORT", 2525)
SMTP_HOST = _text("SMTP_HOST", "127.0.0.1")
LMTP_PORT = _number("LMTP_PORT", 0)  # 0: no LMTP door
PUBLIC_URL = _text("PUBLIC_URL", f"http://localhost:{PORT}").rstrip("/")
# Servers inside the own network whose calendars are read all the same.
CALENDAR_HOSTS = _list("CALENDAR_HOSTS")
# By which services of a workplace staff may be told, and on which servers where an address names one. A whole name may be inside
# the own network; one with an asterisk may not.
USUAL_ALERT_SERVICES = [
    "discord",
    "gchat",
    "matrix",
    "mmost",
    "ntfy",
    "pover",
    "rocket",
    "slack",
    "tgram",
    "workflows",
    "zulip",
]
ALERT_SERVICES = _list("ALERT_SERVICES") or USUAL_ALERT_SERVICES
ALERT_HOSTS = _list("ALERT_HOSTS") or ["ntfy.sh", "*.logic.azure.com", "*.api.powerplatform.com"]
MAIL_DOMAIN = _text("MAIL_DOMAIN", urlsplit(PUBLIC_URL).hostname or "localhost")


def _secret_key() -> str:
    if key := _text("SECRET_KEY"):
        return key
    if not EXAMPLE:
        raise ImproperlyConfigured(
            "SECRET_KEY (or SECRET_KEY_FILE) is needed: give a long random text and keep it secret."
        )
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = DATA_DIR / "secret_key"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(secrets.token_urlsafe(50), encoding="ascii")
        fresh.chmod(0o600)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)  # two processes that start together agree on the first key
        fresh.unlink()
    return path.read_text(encoding="ascii")


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = _list("ALLOWED_HOSTS") or (
    ["localhost", "127.0.0.1", "[::1]"] if EXAMPLE else [urlsplit(PUBLIC_URL).hostname or ""]
)
_SECURE = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if _SECURE else []
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = _SECURE
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "sociable.config.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if _SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = _number("TRUSTED_PROXIES", 0)  # how many proxies stand in front and add to X-Forwarded-For
CSRF_FAILURE_VIEW = "sociable.config.views.form_out_of_date"

# -- What is in the house, top room first -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "sociable.desk",
    "sociable.office",
    "sociable.planning",
    "sociable.public",
    "sociable.api",
    "sociable.worker",
    "sociable.alerts",
    "sociable.promises",
    "sociable.conversations",
    "sociable.cover",
    "sociable.directory",
    "sociable.people",
    "sociable.due",
    "sociable.live",
    "sociable.config",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "sociable.config.middleware.Refusals",
]
ROOT_URLCONF = "sociable.config.urls"
WSGI_APPLICATION = "sociable.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "sociable.config.context.installation",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Where state lives -------------------------------------------------------------------------------------------------
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; "
    "PRAGMA cache_size=-16000; PRAGMA mmap_size=268435456"
)


def _database() -> dict[str, Any]:
    address = _text("DATABASE_URL")
    if not address:
        return {
            "ENGINE": "sociable.config.sqlite",
            "NAME": DATA_DIR / "sociable.sqlite3",
            "CONN_MAX_AGE": 600,  # a new connection reads the schema and fills its cache anew: a third of the desk's time
            # IMMEDIATE is a matter of being right: without it two writers that began by reading both fail.
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": _SQLITE_PRAGMAS},
        }
    parts = urlsplit(address)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// ; leave it out for the built-in SQLite.")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }


DATABASES = {"default": _database()}
GROWN = DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"
DATABASE_DIRECT_URL = _text(
    "DATABASE_DIRECT_URL"
)  # past a transaction pooler, for LISTEN; empty: the same as DATABASE_URL
CACHES = {
    "default": {
        **(
            {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_entry"}
            if GROWN  # rate limits must be counted together by all web processes
            else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        ),
        "OPTIONS": {
            "MAX_ENTRIES": 100_000
        },  # of the 300 that Django keeps, a busy morning would push limits out uncounted
    }
}
ATTACHMENTS_DIR = DATA_DIR / "attachments"
ATTACHMENT_LIMIT_BYTES = _number("ATTACHMENT_LIMIT_MB", 25) * 1024 * 1024
MESSAGE_LIMIT_BYTES = _number("MESSAGE_LIMIT_MB", 40) * 1024 * 1024  # 25 MB of attachments are 34 MB on the wire
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

OPEN_DATA_LICENCE = _text("OPEN_DATA_LICENCE", "Open Government Licence v3.0")  # of accounts.json; theirs to say

# -- Mail out, where an account has no sending server of its own --------------------------------------------------------
SMTP_URL = _text("SMTP_URL")  # smtp://user:password@host:587?tls=starttls

# -- Sign-in -------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["sociable.people.backends.PersonBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:my_day"
LOGOUT_REDIRECT_URL = "public:ask"
ACCOUNT_ADAPTER = "sociable.people.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_FORMS = {
    "login": "sociable.people.forms.SignInForm",
    "reauthenticate": "sociable.people.forms.StillYouForm",
    "reset_password": "sociable.people.forms.ForgottenForm",
    "reset_password_from_key": "sociable.people.forms.NewPasswordForm",
    "change_password": "sociable.people.forms.PasswordForm",
}
MFA_FORMS = {"add_webauthn": "sociable.people.forms.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EXAMPLE  # http://localhost is all an example has
MFA_TOTP_ISSUER = "Sociable"
MFA_ADAPTER = "sociable.people.sign_in.SecondStep"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Sociable: "
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
EMAIL_BACKEND = "sociable.config.mail.OutgoingMail"
DEFAULT_FROM_EMAIL = _text("DEFAULT_FROM_EMAIL", f"sociable@{MAIL_DOMAIN}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# -- Times and words -----------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = _text("TIME_ZONE", "Europe/London")
USE_TZ = True
USE_I18N = True
HOLD_MINUTES = _number("HOLD_MINUTES", 15)
UNDO_SECONDS = _number("UNDO_SECONDS", 10)
WARNING_SHARES = [int(share) for share in _list("WARNING_SHARES") or ["50", "75", "90"]]  # beside arrival and passed
FETCH_SECONDS = _number("FETCH_SECONDS", 60)
WITHDRAWN_HOURS = _number("WITHDRAWN_HOURS", 24)

# -- Pages ---------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(ATTACHMENTS_DIR)},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
_SELF, _NONE = "'self'", "'none'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_NONE],
        "script-src": [_SELF],
        "style-src": [_SELF],
        "img-src": [_SELF],
        "connect-src": [_SELF],
        "frame-src": [_SELF],  # a message as its sender formatted it, in a frame that can run and fetch nothing
        "font-src": [_SELF],
        "manifest-src": [_SELF],
        "form-action": [_SELF],
        "base-uri": [_NONE],
        "frame-ancestors": [_NONE],
    },
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# -- Logs: JSON lines with ids, never what people wrote ------------------------------------------------------------------
LOG_LEVEL = _text("LOG_LEVEL", "WARNING" if EXAMPLE else "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "sociable.config.logs.JsonLines"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django.server": {"level": "WARNING"}, "mail.log": {"level": "WARNING"}},
}
