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
# Variables of the session that ships raw tables, where another user or role does so.
_LOADER = "SNOWFLAKE_LOADER_"
# What belongs to a user, and is not lent to another one.
_OF_A_USER = (
    "SNOWFLAKE_USER",
    "SNOWFLAKE_ROLE",
    "SNOWFLAKE_WAREHOUSE",
    "SNOWFLAKE_AUTHENTICATOR",
    "SNOWFLAKE_PRIVATE_KEY_PATH",
    *_SECRETS,
)


@dataclass(frozen=True)
class SnowflakeAccount:
    """How to reach Snowflake.

    Attributes:
        variables: the environment variables that profiles.yml reads, secrets included.
        location: tells this account's database from any other.
        is_emulated: whether the emulator stands in for an account.
        loader_variables: those of the session that writes raw tables, where it is another one.
    """

    variables: Mapping[str, str]
    location: str
    is_emulated: bool = False
    loader_variables: Mapping[str, str] | None = None

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
    given["SNOWFLAKE_DATABASE"] = configured_database(env)
    loaders = {
        name.replace(_LOADER, "SNOWFLAKE_"): value
        for name, value in given.items()
        if name.startswith(_LOADER)
    }
    builders = {name: value for name, value in given.items() if not name.startswith(_LOADER)}
    _refuse_half(builders, "SNOWFLAKE_")
    if loaders:
        is_another = "SNOWFLAKE_USER" in loaders
        kept = {
            name: value
            for name, value in builders.items()
            if not (is_another and name in _OF_A_USER)
        }
        loaders = kept | loaders
        _refuse_half(loaders, _LOADER if is_another else "SNOWFLAKE_")
    return SnowflakeAccount(
        _masked(builders),
        f"snowflake {given['SNOWFLAKE_ACCOUNT']}/{given['SNOWFLAKE_DATABASE'].upper()}",
        loader_variables=_masked(loaders) if loaders else None,
    )


def configured_database(env: Mapping[str, str] | None = None) -> str:
    """The database of the account that the environment names, or would name."""
    env = os.environ if env is None else env
    return env.get("SNOWFLAKE_DATABASE") or DATABASE


def _refuse_half(given: Mapping[str, str], prefix: str) -> None:
    """Check that a session can log in.

    Args:
        given: its variables, by the names that profiles.yml reads.
        prefix: what the variables of its user begin with, for the message.

    Raises:
        ConfigurationError: it lacks a user, or something to log in with.
    """
    if "SNOWFLAKE_USER" not in given:
        raise ConfigurationError(
            f"SNOWFLAKE_ACCOUNT is {given['SNOWFLAKE_ACCOUNT']}, but SNOWFLAKE_USER is not set",
            "name the user to log in as",
        )
    key = given.get("SNOWFLAKE_PRIVATE_KEY_PATH")
    if not (key or "SNOWFLAKE_PASSWORD" in given or "SNOWFLAKE_AUTHENTICATOR" in given):
        raise ConfigurationError(
            f"there is nothing to log in with to Snowflake as {given['SNOWFLAKE_USER']}",
            f"set {prefix}PRIVATE_KEY_PATH, {prefix}PASSWORD or {prefix}AUTHENTICATOR",
        )
    if key and not Path(key).is_file():
        raise ConfigurationError(
            f"{prefix}PRIVATE_KEY_PATH names {key}, which is no file",
            "name the file of the private key (PEM, PKCS #8)",
        )


def _masked(given: Mapping[str, str]) -> dict[str, str]:
    """Variables by the names that profiles.yml reads; dbt masks those of secrets in its logs."""
    return {
        f"DBT_ENV_SECRET_{name}" if name in _SECRETS else name: value
        for name, value in given.items()
    }


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
