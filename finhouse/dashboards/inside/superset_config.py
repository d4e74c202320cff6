"""Configuration of Superset; read inside its own environment, where finhouse is not installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sessions
from event_log import FileEventLogger
from flask import Flask
from published_file import connect_to_what_is_open
from relative_dates import count_from_data
from server_limits import QUERY_SECONDS, limit_logins, limit_queries
from sqlalchemy import event
from sqlalchemy.engine import Engine
from viewer_guard import GuardedSecurityManager, guard_chart_data

HOME = Path(os.environ["FINHOUSE_SUPERSET_HOME"])
MINUTES = 60

SECRET_KEY = os.environ.get("SUPERSET_SECRET_KEY") or (HOME / "secret_key").read_text().strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['FINHOUSE_SUPERSET_METADATA']}?timeout=30"
# Two processes write it at times: the server and an import.
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"timeout": 30}}
DATA_DIR = str(HOME)
DB_CONNECTION_MUTATOR = connect_to_what_is_open


@event.listens_for(Engine, "connect")
def use_published(connection: Any, _record: Any) -> None:
    """Let a mart's bare name do in SQL Lab, as on Postgres; DuckDB's address cannot say so."""
    if type(connection).__module__ == "duckdb_engine":
        connection.execute("use published")


def FLASK_APP_MUTATOR(app: Flask) -> None:  # noqa: N802 (Superset's name)
    """Put guard and limits in place, before the views are made."""
    guard_chart_data(app)
    count_from_data(app)
    limit_queries(app)
    limit_logins(app)


APP_NAME = "finhouse"
CUSTOM_SECURITY_MANAGER = GuardedSecurityManager
EVENT_LOGGER = FileEventLogger(HOME / "events.jsonl")
FEATURE_FLAGS = {
    # Viewers hold no data permission: the roles of a dashboard let them see its charts.
    "DASHBOARD_RBAC": True,
    "ALERT_REPORTS": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "DRILL_BY": False,
    "DRILL_TO_DETAIL": False,
    # A page that is the administrators', offered to everyone.
    "MENU_HIDE_USER_INFO": True,
}
PUBLIC_ROLE_LIKE = None
AUTH_ROLE_PUBLIC = "Public"
AUTH_USER_REGISTRATION = False
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
PERMANENT_SESSION_LIFETIME = sessions.LIFETIME
# On the server: a cookie of a session that was ended opens nothing.
SESSION_SERVER_SIDE = True
SESSION_TYPE = "cachelib"
SESSION_CACHELIB = sessions.STORE
WTF_CSRF_ENABLED = True
PREVENT_UNSAFE_DB_CONNECTIONS = True
UPLOADED_CSV_HIERARCHY = {}

# Nothing outside this server is loaded: the built pages carry a third-party pixel.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": "'none'",
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "font-src": ["'self'", "data:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
    "referrer_policy": "same-origin",
}

# A published build does not change; the publication clears this cache. The timeout bounds how
# long a result may live whose query began before a publication and ended after it.
DATA_CACHE_CONFIG = {
    "CACHE_TYPE": "FileSystemCache",
    "CACHE_DIR": str(HOME / "cache" / "data"),
    "CACHE_DEFAULT_TIMEOUT": 10 * MINUTES,
    "CACHE_THRESHOLD": 5000,
}
CACHE_CONFIG = {**DATA_CACHE_CONFIG, "CACHE_DIR": str(HOME / "cache" / "metadata")}

ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
SUPERSET_WEBSERVER_TIMEOUT = 60
SQLLAB_TIMEOUT = QUERY_SECONDS
SQLLAB_CTAS_NO_LIMIT = False
RATELIMIT_STORAGE_URI = "memory://"
CONTENT_SECURITY_POLICY_WARNING = False
TALISMAN_DEV_CONFIG = TALISMAN_CONFIG
LOG_LEVEL = os.environ.get("FINHOUSE_SUPERSET_LOG", "WARNING")

LANGUAGES: dict[str, dict[str, str]] = {}
D3_TIME_FORMAT = {}

INK, GRID = "#1f2a37", "#e5e7eb"
# One hue for what is measured, a lighter one for what is still running, and colours that mean
# something elsewhere: green good, red bad, amber a target.
COLOURS = [
    "#1f6f8b", "#e0a030", "#5b8e7d", "#8d6a9f", "#c8553d", "#8fb8c9",
    "#6b7280", "#b5c689", "#d99a9a", "#3f4e7a", "#a3845b", "#4aa3a2",
]  # fmt: skip
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {"id": "finhouse", "label": "finhouse", "colors": COLOURS, "isDefault": True}
]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "finhouse_blue",
        "label": "finhouse blue",
        "isDiverging": False,
        "isDefault": True,
        "colors": ["#f3f8fa", "#cfe3ea", "#8fb8c9", "#4a8ea6", "#1f6f8b", "#124457"],
    }
]
THEME_DEFAULT = {
    "token": {
        "brandAppName": APP_NAME,
        "brandLogoAlt": APP_NAME,
        "brandLogoUrl": "/static/assets/images/superset-logo-horiz.png",
        "brandLogoMargin": "18px 0",
        "brandLogoHref": "/",
        "brandLogoHeight": "24px",
        "brandSpinnerUrl": None,
        "brandSpinnerSvg": None,
        "colorPrimary": "#1f6f8b",
        "colorLink": "#1f6f8b",
        "colorError": "#c8553d",
        "colorWarning": "#e0a030",
        "colorSuccess": "#3f8f5f",
        "colorInfo": "#1f6f8b",
        "fontFamily": "Inter, Helvetica, Arial, sans-serif",
        "fontFamilyCode": "'Fira Code', 'Courier New', monospace",
        "transitionTiming": 0.3,
        "fontSizeXS": "8",
        "fontSizeXXL": "28",
        "fontWeightNormal": "400",
        "fontWeightLight": "300",
        "fontWeightStrong": "500",
    },
    "algorithm": "default",
}
THEME_DARK = None
