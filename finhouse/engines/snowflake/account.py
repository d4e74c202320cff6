"""Which Snowflake account is meant, and connecting to it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finhouse.errors import ConfigurationError, WarehouseError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

DATABASE = "finhouse"
# Naive timestamps are UTC in the warehouse: a session that reads `timestamp` otherwise, or whose
# clock stands elsewhere, would give other numbers without an error.
REQUIRED_PARAMETERS = {"TIMEZONE": ("UTC", "Etc/UTC"), "TIMESTAMP_TYPE_MAPPING": ("TIMESTAMP_NTZ",)}


@dataclass(frozen=True)
class SnowflakeAccount:
    """How to reach Snowflake; secrets are never shown in its text.

    Attributes:
        variables: the environment variables that profiles.yml reads, secrets included.
        is_emulated: whether the emulator stands in for an account.
    """

    variables: Mapping[str, str]
    is_emulated: bool = False

    def __repr__(self) -> str:
        return f"SnowflakeAccount({self})"

    def __str__(self) -> str:
        name = self.variables.get("SNOWFLAKE_ACCOUNT")
        return f"{'an emulator' if self.is_emulated else name}, database {self.database}"

    @property
    def database(self) -> str:
        """Name of the database, as Snowflake keeps it."""
        return self.variables["SNOWFLAKE_DATABASE"].upper()

    def connect(self) -> SnowflakeConnection:
        """Open a connection whose naive timestamps are UTC.

        Raises:
            ConfigurationError: the connector is not installed here.
            WarehouseError: Snowflake does not let us in, or the account reads timestamps otherwise.
        """
        try:
            import snowflake.connector
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                "the Snowflake connector is not installed in this environment",
                "run `make build TARGET=snowflake`, which uses .venv-snowflake",
            ) from error
        # It reports every statement it sends, as information.
        logging.getLogger("snowflake.connector").setLevel(logging.ERROR)
        try:
            connection = snowflake.connector.connect(**self._arguments())
        except snowflake.connector.errors.Error as error:
            raise WarehouseError(
                f"Snowflake ({self}) cannot be reached: {error.msg}",
                "check SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and the password or key, and the role",
            ) from error
        if not self.is_emulated:
            _check_parameters(connection)
        return connection

    def _arguments(self) -> dict[str, Any]:
        given = {
            "account": "SNOWFLAKE_ACCOUNT",
            "host": "SNOWFLAKE_HOST",
            "port": "SNOWFLAKE_PORT",
            "protocol": "SNOWFLAKE_PROTOCOL",
            "user": "SNOWFLAKE_USER",
            "password": "DBT_ENV_SECRET_SNOWFLAKE_PASSWORD",
            "private_key_file": "SNOWFLAKE_PRIVATE_KEY_PATH",
            "private_key_file_pwd": "DBT_ENV_SECRET_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE",
            "authenticator": "SNOWFLAKE_AUTHENTICATOR",
            "role": "SNOWFLAKE_ROLE",
            "warehouse": "SNOWFLAKE_WAREHOUSE",
            "database": "SNOWFLAKE_DATABASE",
        }
        arguments: dict[str, Any] = {
            argument: self.variables[variable]
            for argument, variable in given.items()
            if self.variables.get(variable)
        }
        return arguments | {
            "session_parameters": {
                "TIMEZONE": "UTC",
                "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
                "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False,
            },
            "application": "finhouse",
            "arrow_number_to_decimal": True,
            "login_timeout": 30,
        }


def configured_account(env: Mapping[str, str] | None = None) -> SnowflakeAccount | None:
    """The account that the ``SNOWFLAKE_*`` variables name; None when there is none.

    Raises:
        ConfigurationError: an account is named, and no user or nothing to log in with.
    """
    env = os.environ if env is None else env
    if not env.get("SNOWFLAKE_ACCOUNT"):
        return None
    if not env.get("SNOWFLAKE_USER"):
        raise ConfigurationError(
            "SNOWFLAKE_ACCOUNT is set, but SNOWFLAKE_USER is not", "name the user to log in as"
        )
    key = env.get("SNOWFLAKE_PRIVATE_KEY_PATH")
    if not (env.get("SNOWFLAKE_PASSWORD") or key or env.get("SNOWFLAKE_AUTHENTICATOR")):
        raise ConfigurationError(
            f"nothing to log in with to Snowflake as {env['SNOWFLAKE_USER']}",
            "set SNOWFLAKE_PRIVATE_KEY_PATH, SNOWFLAKE_PASSWORD or SNOWFLAKE_AUTHENTICATOR",
        )
    if key and not Path(key).expanduser().is_file():
        raise ConfigurationError(
            f"SNOWFLAKE_PRIVATE_KEY_PATH names {key}, which is no file",
            "name the file of the private key (PEM, PKCS#8)",
        )
    kept = {
        name: value
        for name, value in env.items()
        if name.startswith("SNOWFLAKE_") and value and not _is_secret(name)
    }
    return SnowflakeAccount(
        {"SNOWFLAKE_DATABASE": DATABASE}
        | kept
        # dbt masks variables of this prefix in its logs.
        | {f"DBT_ENV_SECRET_{name}": env[name] for name in env if _is_secret(name) and env[name]}
    )


def emulated_account(port: int) -> SnowflakeAccount:
    """The account that the emulator on ``port`` of loopback plays."""
    return SnowflakeAccount(
        {
            "SNOWFLAKE_ACCOUNT": "emulator",
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_USER": "finhouse",
            "SNOWFLAKE_DATABASE": DATABASE,
            # It asks for none, but the connector does not log in without.
            "DBT_ENV_SECRET_SNOWFLAKE_PASSWORD": "emulator",
        },
        is_emulated=True,
    )


def _is_secret(name: str) -> bool:
    return name in ("SNOWFLAKE_PASSWORD", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE")


def _check_parameters(connection: SnowflakeConnection) -> None:
    """Refuse an account on which dbt, whose sessions we do not open, would compute otherwise.

    Our own session sets these parameters; the level below it is what dbt's sessions get.
    """
    with connection.cursor() as cursor:
        for name, right in REQUIRED_PARAMETERS.items():
            rows = cursor.execute(f"show parameters like '{name}' for user").fetchall()
            found = [str(row[1]) for row in rows if row[0] == name]
            if found and found[0] not in right:
                connection.close()
                raise WarehouseError(
                    f"Snowflake's parameter {name} is {found[0]} for this user, not {right[0]}",
                    f"alter user ... set {name} = '{right[0]}', as its administrator",
                )
