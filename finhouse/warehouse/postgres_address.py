"""The address of a Postgres warehouse, taken apart for those who do not take an address whole.

libpq itself takes it apart, so that what the loader connects to is what dbt and Superset connect
to: IPv6 hosts in brackets, percent-encoded names, a folder of Unix sockets, parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import psycopg
from psycopg import conninfo, pq

from finhouse.errors import ConfigurationError
from finhouse.warehouse.postgres_connection import unknown_parameter
from finhouse.warehouse.tls import require_tls

DEFAULT_PORT = 5432
FORM = "postgresql://user:password@host:5432/database"


@dataclass(frozen=True)
class PostgresAddress:
    """One server and one database on it.

    Attributes:
        host: name, IPv4 or IPv6 address (without brackets), or the folder of a Unix socket.
        parameters: what else the address says, such as ``sslmode``, by libpq's keyword.
    """

    host: str
    port: int
    user: str
    password: str
    database: str
    parameters: Mapping[str, str]

    @property
    def variables(self) -> dict[str, str]:
        """The parameters as the environment variables that libpq reads them from.

        Raises:
            ConfigurationError: libpq reads one of them from no variable.
        """
        named = {
            option.keyword.decode(): option.envvar.decode()
            for option in pq.Conninfo.get_defaults()
            if option.envvar
        }
        for keyword in self.parameters:
            if keyword not in named:
                raise ConfigurationError(
                    f"the parameter {keyword!r} of WAREHOUSE_URL cannot be handed to dbt",
                    f"leave it out; these can be: {', '.join(sorted(named))}",
                )
        return {named[keyword]: value for keyword, value in self.parameters.items()}

    def sqlalchemy(self, user: str, password: str) -> str:
        """Address of the same database for another role, as SQLAlchemy writes it."""
        parameters = dict(self.parameters)
        place = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        if self.host.startswith(("/", "@")):
            # The folder of a socket is no host of a URL.
            place = ""
            parameters |= {"host": self.host, "port": str(self.port)}
        query = f"?{urlencode(parameters, quote_via=quote, safe='')}" if parameters else ""
        return (
            f"postgresql+psycopg2://{quote(user, safe='')}:{quote(password, safe='')}"
            f"@{place}/{quote(self.database, safe='')}{query}"
        )


def postgres_address(url: str) -> PostgresAddress:
    """Take the address of the warehouse apart.

    Args:
        url: a postgresql:// URL or a libpq connection string, as WAREHOUSE_URL has it.

    Raises:
        ConfigurationError: it is malformed, names no host, no database or several hosts, or leads
            off this machine unencrypted. What it says is not repeated: it holds a password.
    """
    try:
        parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(
            f"WAREHOUSE_URL is malformed{unknown_parameter(error)}",
            f"write it as {FORM}; an IPv6 host stands in brackets",
        ) from error
    host = parts.pop("host", "") or parts.get("hostaddr", "")
    database = parts.pop("dbname", "")
    if not host or not database:
        raise ConfigurationError("WAREHOUSE_URL names no host or no database", f"write {FORM}")
    port = parts.pop("port", "") or str(DEFAULT_PORT)
    if "," in host or "," in port:
        raise ConfigurationError(
            "WAREHOUSE_URL names several hosts, and dbt connects to one", f"write {FORM}"
        )
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise ConfigurationError(f"WAREHOUSE_URL names the port {port!r}", f"write {FORM}")
    require_tls(url, "WAREHOUSE_URL")
    return PostgresAddress(
        host=host,
        port=int(port),
        user=parts.pop("user", ""),
        password=parts.pop("password", ""),
        database=database,
        parameters=parts,
    )
