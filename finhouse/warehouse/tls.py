"""Which connections to PostgreSQL leave this machine unencrypted: they are refused.

Decided from what libpq would do with an address: its own words for ``sslmode``, several hosts,
sockets, services and the PG... variables. Nothing is resolved, and nothing connected to.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import conninfo

from finhouse.errors import ConfigurationError
from finhouse.hosts import PLAIN_HOSTS, may_be_plain

SETTING = "FINHOUSE_TLS"
REQUIRED, VERIFIED = "required", "verified"
# libpq encrypts with these or does not connect; of the others (`prefer`, its default, among them)
# none keeps whoever stands between from having the connection in plain.
ENCRYPTING = ("require", "verify-ca", "verify-full")
# With these it also checks who answers: against the authority, and by name with verify-full alone.
VERIFYING = ("verify-full",)
# As SQLAlchemy writes an address.
_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "sslmode": "PGSSLMODE",
    "gssencmode": "PGGSSENCMODE",
    "service": "PGSERVICE",
    "servicefile": "PGSERVICEFILE",
}


def require_tls(url: str, variable: str, env: Mapping[str, str] | None = None) -> None:
    """Refuse an address whose connection could leave this machine unencrypted.

    Args:
        url: a postgresql:// URL, also with SQLAlchemy's driver, or a libpq connection string; one
            that is malformed is somebody else's to refuse.
        variable: that names it, for the remedy.
        env: the environment; default the process's.

    Raises:
        ConfigurationError: it could, and FINHOUSE_PLAIN_HOSTS does not name its host; or
            FINHOUSE_TLS has another value than it may.
    """
    env = os.environ if env is None else env
    wanted = env.get(SETTING) or REQUIRED
    if wanted not in (REQUIRED, VERIFIED):
        raise ConfigurationError(f"{SETTING} is {wanted!r}", f"set it to {REQUIRED} or {VERIFIED}")
    try:
        said = effective(_DRIVER.sub(r"\1://", url), env)
    except psycopg.ProgrammingError:
        return
    far = [host for host in hosts(said) if not may_be_plain(host, env)]
    mode = said.get("sslmode") or "prefer"
    if not far or _protects(said, mode, wanted):
        return
    need = "verify-full" if wanted == VERIFIED else "verify-full (or require)"
    raise ConfigurationError(
        f"{variable} leads to {far[0]} off this machine with sslmode={mode}: rows and the password"
        f" could pass in plain{'' if wanted == REQUIRED else ', or to somebody else'}",
        f"add sslmode={need} to it; {PLAIN_HOSTS}={far[0]} allows it for that host",
    )


def _protects(said: Mapping[str, str], mode: str, wanted: str) -> bool:
    # Encryption by Kerberos names both sides; libpq tries it before TLS, and needs none then.
    if said.get("gssencmode") == "require":
        return True
    return mode in (VERIFYING if wanted == VERIFIED else ENCRYPTING)


def effective(url: str, env: Mapping[str, str]) -> dict[str, str]:
    """What libpq takes for given: the address, then its service, then the PG... variables."""
    said = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items() if value}
    given = {name: env[variable] for name, variable in _VARIABLES.items() if env.get(variable)}
    service = said.get("service") or given.get("service")
    named = said.get("servicefile") or given.get("servicefile")
    return given | (_service(service, named, env) if service else {}) | said


def hosts(said: Mapping[str, str]) -> list[str]:
    """Where libpq connects: of each host its address where that is given; '' is the default."""
    names = said.get("host", "").split(",")
    addresses = said.get("hostaddr", "").split(",")
    return [
        (addresses[number : number + 1] or [""])[0] or (names[number : number + 1] or [""])[0]
        for number in range(max(len(names), len(addresses)))
    ]


def _service(name: str, file: str | None, env: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a service, from the first file that has it."""
    home = Path(env.get("HOME") or "~").expanduser()
    places = [Path(file) if file else home / ".pg_service.conf"]
    if folder := env.get("PGSYSCONFDIR"):
        places.append(Path(folder) / "pg_service.conf")
    for place in places:
        # As libpq has it: no interpolation, `=` alone divides, a section may come twice.
        read = configparser.RawConfigParser(
            delimiters=("=",), comment_prefixes=("#",), strict=False, default_section=""
        )
        try:
            read.read(place, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if read.has_section(name):
            return {key: value.strip() for key, value in read.items(name)}
    return {}
