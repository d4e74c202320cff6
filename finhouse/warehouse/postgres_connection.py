"""Connecting to PostgreSQL with errors a reader can act on; never shows a password."""

from __future__ import annotations

import re

import psycopg
from psycopg import conninfo

from finhouse.errors import FinhouseError
from finhouse.warehouse.tls import require_tls

CONNECT_TIMEOUT_SECONDS = 10


def describe_server(url: str) -> str:
    """``user@host:port/database`` of a connection URL, without the password."""
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "(malformed URL)"
    user, host = parts.get("user", "?"), parts.get("host", "localhost")
    place = f"[{host}]" if ":" in str(host) else host
    return f"{user}@{place}:{parts.get('port', 5432)}/{parts.get('dbname', user)}"


def unknown_parameter(error: psycopg.ProgrammingError) -> str:
    """The parameter of a URL that libpq does not know, to be added to a message; else empty.

    Nothing else that libpq says of a URL is repeated: it may hold the password.
    """
    found = re.fullmatch(r"invalid (?:URI query parameter|connection option).*", str(error).strip())
    return f": {found[0]}" if found else ""


def with_options(url: str, options: dict[str, str]) -> str:
    """``url`` as a libpq connection string with session settings and a connect timeout added."""
    parts = conninfo.conninfo_to_dict(url)
    extra = " ".join(f"-c {name}={value}" for name, value in options.items())
    given = str(parts.get("options") or "")
    parts.setdefault("connect_timeout", CONNECT_TIMEOUT_SECONDS)
    return conninfo.make_conninfo("", **{**parts, "options": f"{given} {extra}".strip()})


def connect_postgres(
    url: str, options: dict[str, str], role: str, variable: str, error_class: type[FinhouseError]
) -> psycopg.Connection:
    """Open an autocommit connection with ``$1`` parameters.

    Args:
        url: a postgresql:// URL or a libpq connection string.
        options: session settings, e.g. ``{"timezone": "UTC"}``.
        role: what the server is to the reader, e.g. ``the OLTP database``.
        variable: the environment variable that names it, for the remedy.
        error_class: class of the error raised.

    Raises:
        FinhouseError: of ``error_class``; malformed URL, unreachable, refused credentials.
        ConfigurationError: it could leave this machine unencrypted (``finhouse.warehouse.tls``).
    """
    require_tls(url, variable)
    try:
        return psycopg.connect(
            with_options(url, options), autocommit=True, cursor_factory=psycopg.RawCursor
        )
    except psycopg.ProgrammingError as error:
        raise error_class(
            f"the URL of {role} is malformed{unknown_parameter(error)}",
            f"write {variable} as postgresql://user:password@host:port/database",
        ) from error
    except psycopg.OperationalError as error:
        text = str(error).strip()
        where = f"{role} at {describe_server(url)}"
        if "authentication failed" in text or "no password supplied" in text:
            raise error_class(
                f"{where} refuses these credentials", f"correct user and password in {variable}"
            ) from error
        if "does not exist" in text:
            reason = text.rsplit("FATAL:", 1)[-1].strip()
            raise error_class(
                f"{where}: {reason}", f"create it, or correct the name in {variable}"
            ) from error
        raise error_class(
            f"{where} cannot be reached: {text.splitlines()[0]}",
            f"start the server, or correct host and port in {variable}",
        ) from error
