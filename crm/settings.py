"""The one settings file. Everything that differs between machines comes from environment variables."""

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from crm import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
env.read_env_file(BASE_DIR / ".env")

# --- the machine ------------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.required("SECRET_KEY", "Set it to a long random text; `make run` writes one into .env.")
SITE_URL = env.url("SITE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# Where uploads, mails of the demo and the embedded database live.
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var")))
# The pages of the help, shown inside the product too (crm.help_pages).
HELP_DIR = BASE_DIR / "docs" / "help"

# Of the two logins that `manage.py seed_demo` makes; without it a password is made up and printed.
DEMO_PASSWORD = env.text("DEMO_PASSWORD")

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'tallybook.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets readers and one writer work side by side. IMMEDIATE takes the write lock at the start of a
    # transaction, so two writers wait for each other instead of failing half-way with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=2000;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A connection a request costs milliseconds on either; on SQLite the last one to close also folds the whole log into the
# file, for which all others wait.
DATABASES["default"]["CONN_MAX_AGE"] = 60

# --- the house --------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "crm",
    "invoicing",
    "messaging",
    "integrations",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "csp",
    "django_htmx",
    "django_q",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "integrations.middleware.webhooks",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "invoicing.middleware.customers_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.middleware.fragments",
    "crm.middleware.business",
    "crm.middleware.second_factor",
]
ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
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
                "crm.navigation.navigation",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- words, time and money --------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # what is stored; pages show the business's own zone (crm.middleware.business)

# --- files ------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": env.text("STATIC_STORAGE", "whitenoise.storage.CompressedManifestStaticFilesStorage")},
}

# --- people -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "crm.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "crm.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if env.is_plain_http(SITE_URL) else "https"
ACCOUNT_SESSION_REMEMBER = True
# One address a person, changed by confirming the new one; asked for the password (or code) again before that.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# A reset asked for an unknown address sends nothing; the page says the same either way.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_RATE_LIMITS = {"join": "20/m/ip"}  # beside allauth's own, such as 5 failed logins in 5 minutes
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env.flag("BEHIND_PROXY") else 0
MFA_ADAPTER = "crm.accounts.SecondFactorAdapter"
# Nobody signs up by themselves, so nobody can squat on somebody else's address behind a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tallybook"

# --- security ---------------------------------------------------------------------------------------------
HTTPS = not env.is_plain_http(SITE_URL)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS and env.flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz"]  # a probe on the same machine asks without TLS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if env.flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The page that leaves for a vendor's login adds that vendor's host to form-action itself.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
# Fernet keys, comma-separated: the first encrypts, all decrypt, so a key is rotated by putting a new one first.
FIELD_ENCRYPTION_KEYS = env.fernet_keys("FIELD_ENCRYPTION_KEYS")

# --- queue, cache, mail -----------------------------------------------------------------------------------
# Retries are ours (rows carry the state), so a task runs once; `timeout` stays below `retry`, or a slow task
# would run twice at the same time. Successes are kept (save_limit 0) and pruned nightly: a limit makes the
# monitor lock every saved success for each task. `recycle` is high because recycling a worker during a stop
# can hang the cluster.
Q_CLUSTER = {
    "name": "default",
    "orm": "default",
    "workers": env.number("WORKERS", 2, least=1),
    "timeout": 120,
    "retry": 180,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": 0,
    "poll": 0.2,
    "bulk": 10,
    "recycle": 100_000,
    "catch_up": False,
    "label": "Queue",
    # django-q writes its own status here twice a second; nobody reads it (crm.runner watches the processes).
    "cache": "nothing",
    # Imports run on a queue of their own, so that webhooks and reminders never wait behind them.
    "ALT_CLUSTERS": {"long": {"workers": 1, "timeout": 600, "retry": 900, "bulk": 1}},
}
# What runs by itself: name, (function, every so many minutes). crm.schedules makes the rows.
SCHEDULES = {
    "scheduler": ("crm.heartbeats.scheduler_beat", 1),
    "prune": ("crm.schedules.prune", 24 * 60),
    "imports": ("integrations.tasks.sweep", 1),
    "tokens": ("integrations.tasks.refresh_tokens", 5),
    # Each minute it is asked whether it is time; how often it is, an admin says on the QuickBooks card.
    "quickbooks": ("integrations.tasks.poll_quickbooks", 1),
    "gateways": ("integrations.tasks.take_gateway_events", 1),
    "messages": ("messaging.tasks.sweep", 1),
    "notices": ("messaging.tasks.prune", 24 * 60),
    "refunds": ("integrations.tasks.look_back_for_refunds", 60),
    "payouts": ("integrations.tasks.look_back_for_payouts", 60),
    "outbox": ("integrations.tasks.drain_outbox", 1),
    "sync-log": ("integrations.tasks.prune_sync", 24 * 60),
    "warnings": ("integrations.tasks.warn_about_connections", 15),
}
# How `manage.py work` watches the queues. Times are in seconds; a limit of 0 is the queue's timeout and a minute.
WORKER_BEAT_SECONDS = env.number("WORKER_BEAT_SECONDS", 15, least=1)
WORKER_BEAT_LIMIT = env.number("WORKER_BEAT_LIMIT", 0)
WORKER_PROBE_SECONDS = env.number("WORKER_PROBE_SECONDS", 20, least=1)
WORKER_STOP_SECONDS = env.number("WORKER_STOP_SECONDS", 30, least=1)
WORKER_PAUSE_SECONDS = env.number("WORKER_PAUSE_SECONDS", 60, least=1)
# What /healthz tells beside database and worker: name, function that gives a dict without anything secret.
HEALTH_CHECKS = {"quickbooks": "integrations.health.quickbooks"}
# What tells how a contact or invoice stands with the books (crm.badges); "" for nothing.
RECORD_BADGES = "integrations.quickbooks.badges.badges_of"
# Who can be asked how an invoice of the books stands just now (invoicing.books); "" for nobody.
BOOKS = "integrations.quickbooks.books.QuickBooksBooks"
# Who takes customers' money (invoicing.gateways), in the order of the buttons.
PAYMENT_GATEWAYS = ["integrations.stripe.gateway.StripeGateway", "integrations.crezco.gateway.CrezcoGateway"]
# Who carries texts (messaging.transports).
TEXT_TRANSPORT = "integrations.twilio.transport.TwilioTransport"
# Who knows the ways of paying that staff may note by hand (invoicing.methods); "" for nobody.
PAYMENT_METHODS = "integrations.quickbooks.methods.chosen"

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
    "nothing": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
vars().update(env.email("EMAIL_URL", "consolemail://"))
# An email service instead of a mail server: its name as anymail knows it (postmark, mailgun, brevo, ...), and that
# service's own settings, such as ANYMAIL_POSTMARK_SERVER_TOKEN. ANYMAIL_WEBHOOK_SECRET lets it tell of bounces.
ANYMAIL = env.with_prefix("ANYMAIL_")
if EMAIL_SERVICE := ANYMAIL.pop("ESP", ""):
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_SERVICE}.EmailBackend"
ANYMAIL["REQUESTS_TIMEOUT"] = 20
# Where replies to customers' mails go so that the service brings them back here; else to the business's own address.
INBOUND_EMAIL = env.text("INBOUND_EMAIL")
# A mail server that says nothing must not keep a worker.
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Tallybook <noreply@localhost>")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.log_level("LOG_LEVEL", "INFO")},
    # django-q tells of every task and Stripe's library of every request, several lines each.
    "loggers": {"django-q": {"level": "WARNING"}, "stripe": {"level": "WARNING"}, "twilio": {"level": "WARNING"}},
}

# --- QuickBooks -------------------------------------------------------------------------------------------
# Point these at `python -m sandbox` to try the whole flow without an Intuit account.
QUICKBOOKS_CLIENT_ID = env.text("QUICKBOOKS_CLIENT_ID")
QUICKBOOKS_CLIENT_SECRET = env.text("QUICKBOOKS_CLIENT_SECRET")
env.both_or_none("QUICKBOOKS_CLIENT_ID", "QUICKBOOKS_CLIENT_SECRET")
# "production", "sandbox", or the address of a discovery document.
QUICKBOOKS_ENVIRONMENT = env.text("QUICKBOOKS_ENVIRONMENT", "production")
if QUICKBOOKS_ENVIRONMENT not in {"production", "sandbox"}:
    QUICKBOOKS_ENVIRONMENT = env.url(
        "QUICKBOOKS_ENVIRONMENT",
        hint="Write production, sandbox, or the whole address of a discovery document.",
        verbatim=True,
    )
QUICKBOOKS_API_URL = env.url(
    "QUICKBOOKS_API_URL",
    "https://quickbooks.api.intuit.com/v3"
    if QUICKBOOKS_ENVIRONMENT == "production"
    else "https://sandbox-quickbooks.api.intuit.com/v3",
)
# Where people look at the books, for links to an invoice or a customer there.
QUICKBOOKS_APP_URL = env.url(
    "QUICKBOOKS_APP_URL",
    "https://app.qbo.intuit.com" if QUICKBOOKS_ENVIRONMENT == "production" else "https://app.sandbox.qbo.intuit.com",
)
if not QUICKBOOKS_API_URL.endswith("/v3"):
    env.problems.append(f"QUICKBOOKS_API_URL is {QUICKBOOKS_API_URL!r}. It must end in /v3.")
if env.is_plain_http(QUICKBOOKS_API_URL):
    # oauthlib refuses plain http; env.url has made sure that this address is on this machine.
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS = env.names("QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN")
if len(QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS) > 2:
    env.problems.append("QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN holds more than two tokens (two while rotating).")
# Intuit's limits for one company; raised by the benchmark alone.
QUICKBOOKS_REQUESTS_PER_MINUTE = env.number("QUICKBOOKS_REQUESTS_PER_MINUTE", 500, least=1)
QUICKBOOKS_REQUESTS_PER_SECOND = env.number("QUICKBOOKS_REQUESTS_PER_SECOND", 10, least=1)
QUICKBOOKS_RETRY_SCALE = 1.0  # waits between tries are multiplied by it; the tests wait less

# --- Stripe -----------------------------------------------------------------------------------------------
# Without the key no customer is offered to pay by card; without the secret the webhook answers 404.
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET")
STRIPE_API_URL = env.url("STRIPE_API_URL", "https://api.stripe.com")

# --- Crezco -----------------------------------------------------------------------------------------------
# Without key and user no customer is offered to pay by bank; without the secret the webhook answers 404.
CREZCO_API_KEY = env.text("CREZCO_API_KEY")
CREZCO_USER_ID = env.text("CREZCO_USER_ID")
CREZCO_API_URL = env.url("CREZCO_API_URL", "https://api.crezco.com")
CREZCO_WEBHOOK_SECRET = env.text("CREZCO_WEBHOOK_SECRET")

# --- Twilio -----------------------------------------------------------------------------------------------
# Without all three no text can be sent; without the token the webhooks answer 404.
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_FROM = env.text("TWILIO_FROM")  # a number, a name of letters, or a messaging service (MG...)
TWILIO_API_URL = env.url("TWILIO_API_URL", "https://api.twilio.com")
# What the sender may send: 1 for an unregistered or local number, more for toll-free, 10DLC and short codes.
TWILIO_PARTS_PER_SECOND = env.number("TWILIO_PARTS_PER_SECOND", 1, least=1)

env.stop_if_wrong()
