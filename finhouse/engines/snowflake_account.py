"""Which Snowflake is meant: the account that the environment names, else an emulator of our own."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from finhouse.background import BackgroundServer, read_port, start_on_free_port
from finhouse.console import console
from finhouse.errors import ConfigurationError, ServiceError
from finhouse.files import read_back, write_whole
from finhouse.settings import PROJECT_ROOT, Settings

INSIDE = Path(__file__).resolve().parent / "snowflake_environment"
# dbt-snowflake holds back certifi, hence an environment of its own: requirements/snowflake.in.
ENVIRONMENT = PROJECT_ROOT / ".venv-snowflake"
DATABASE = "finhouse"
START_SECONDS = 90
# The emulator has one DuckDB underneath; a real warehouse takes as many as profiles.yml says.
EMULATOR_THREADS = "2"
_SECRETS = ("SNOWFLAKE_PASSWORD", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE")


@dataclass(frozen=True)
class SnowflakeAccount:
    """How to reach Snowflake.

    Attributes:
        variables: the environment variables that profiles.yml reads, secrets included.
        location: tells this account's database from any other.
        is_emulated: whether the emulator stands in for an account.
    """

    variables: Mapping[str, str]
    location: str
    is_emulated: bool = False

    def __repr__(self) -> str:
        return f"SnowflakeAccount({self.location})"


class SnowflakeEmulator(BackgroundServer):
    """One emulator under ``home``; like the embedded PostgreSQL it outlives the command."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, "Emulator")
        self._port_file = home / "port"

    def serve(self) -> SnowflakeAccount:
        """Start it unless it runs; return the account it plays.

        Raises:
            ConfigurationError: Snowflake's environment is not there.
            ServiceError: it does not come up; the end of its log is in the message.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        # Two commands at once must not start two, nor give it two identities.
        with (self.home / "starting").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if not self.is_running():
                self._start()
            identity = self.identity()
        port = str(read_port(self._port_file, "finhouse snowflake stop"))
        return SnowflakeAccount(
            {
                "SNOWFLAKE_ACCOUNT": "emulator",
                "SNOWFLAKE_HOST": "127.0.0.1",
                "SNOWFLAKE_PORT": port,
                "SNOWFLAKE_PROTOCOL": "http",
                "SNOWFLAKE_USER": "finhouse",
                "SNOWFLAKE_DATABASE": DATABASE,
                "FINHOUSE_SNOWFLAKE_THREADS": EMULATOR_THREADS,
                # It asks for none, but the connector does not log in without.
                "DBT_ENV_SECRET_SNOWFLAKE_PASSWORD": "emulator",
            },
            f"snowflake emulator {identity}",
            is_emulated=True,
        )

    def _start(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)
        for folder in (self._scratch, self._databases):
            folder.mkdir(parents=True, exist_ok=True)
        start_on_free_port(None, self.name, self._serve_on)

    def _serve_on(self, port: int) -> None:
        python = environment_program("python")
        write_whole(self._port_file, str(port))
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.start(
            [python, str(INSIDE / "emulator.py"), str(port), str(self._databases)],
            # Staged files go into its temporary folder.
            kept | {"TMPDIR": str(self._scratch), "PYTHONDONTWRITEBYTECODE": "1"},
            partial(_answers, port),
            START_SECONDS,
        )

    def identity(self) -> str:
        """Tells these databases from any others; with a new one all is shipped again."""
        if self._identity_file.exists():
            try:
                return read_back(self._identity_file, _identity, ServiceError, "")
            except ServiceError as error:
                console.print(f"  {error.message}: all is shipped again", markup=False)
        made = uuid.uuid4().hex
        write_whole(self._identity_file, made)
        return made

    @property
    def _scratch(self) -> Path:
        return self.home / "scratch"

    @property
    def _databases(self) -> Path:
        return self.home / "databases"

    @property
    def _identity_file(self) -> Path:
        """Lives and dies with the databases: what was shipped into lost ones is shipped again."""
        return self._databases / "identity"


def _identity(text: str) -> str:
    return uuid.UUID(text).hex


def snowflake_emulator(settings: Settings) -> SnowflakeEmulator:
    """The emulator of this house; not necessarily running."""
    return SnowflakeEmulator(settings.home / "snowflake" / "emulator")


def snowflake_account(settings: Settings, env: Mapping[str, str] | None = None) -> SnowflakeAccount:
    """The account that the ``SNOWFLAKE_*`` variables name, else the emulator, started if need be.

    Raises:
        ConfigurationError: an account is named, and no user or nothing to log in with; or
            Snowflake's environment is not there.
        ServiceError: the emulator does not come up.
    """
    return configured_account(env) or snowflake_emulator(settings).serve()


def configured_account(env: Mapping[str, str] | None = None) -> SnowflakeAccount | None:
    """The account that the ``SNOWFLAKE_*`` variables name; None when there is none.

    Raises:
        ConfigurationError: an account is named, and no user or nothing to log in with.
    """
    env = os.environ if env is None else env
    given = {name: value for name, value in env.items() if name.startswith("SNOWFLAKE_") and value}
    if "SNOWFLAKE_ACCOUNT" not in given:
        return None
    if "SNOWFLAKE_USER" not in given:
        raise ConfigurationError(
            f"SNOWFLAKE_ACCOUNT is {given['SNOWFLAKE_ACCOUNT']}, but SNOWFLAKE_USER is not set",
            "name the user to log in as",
        )
    key = given.get("SNOWFLAKE_PRIVATE_KEY_PATH")
    if not (key or "SNOWFLAKE_PASSWORD" in given or "SNOWFLAKE_AUTHENTICATOR" in given):
        raise ConfigurationError(
            f"there is nothing to log in with to Snowflake as {given['SNOWFLAKE_USER']}",
            "set SNOWFLAKE_PRIVATE_KEY_PATH, SNOWFLAKE_PASSWORD or SNOWFLAKE_AUTHENTICATOR",
        )
    if key and not Path(key).is_file():
        raise ConfigurationError(
            f"SNOWFLAKE_PRIVATE_KEY_PATH names {key}, which is no file",
            "name the file of the private key (PEM, PKCS #8)",
        )
    variables = {"SNOWFLAKE_DATABASE": DATABASE} | {
        # dbt masks variables of this prefix in its logs.
        f"DBT_ENV_SECRET_{name}" if name in _SECRETS else name: value
        for name, value in given.items()
    }
    database = variables["SNOWFLAKE_DATABASE"].upper()
    return SnowflakeAccount(variables, f"snowflake {given['SNOWFLAKE_ACCOUNT']}/{database}")


def environment_program(name: str) -> str:
    """Path of a program of Snowflake's environment.

    Raises:
        ConfigurationError: the environment is not there.
    """
    program = ENVIRONMENT / "bin" / name
    if not program.exists():
        raise ConfigurationError(
            f"Snowflake's environment {ENVIRONMENT} is not there",
            "run `make setup TARGET=snowflake`",
        )
    return str(program)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False
