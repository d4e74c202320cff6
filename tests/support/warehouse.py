"""A real PostgreSQL for tests, and an empty warehouse of either kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from finhouse.oltp import EmbeddedServer
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, open_warehouse
from tests.support.sources import classified


class ThrowAwayServer(EmbeddedServer):
    """The project's own server, in a folder of the test run.

    Nothing of it outlives the run, so that it need not wait for the disk.
    """

    def start(self) -> None:
        super().start()
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes"):
                connection.execute(f"alter system set {setting} = off")
            connection.execute("select pg_reload_conf()")

    def create_database(self, database: str) -> str:
        """Create an empty database; return its URL.

        One of that name is dropped, and with it what an earlier test's restore has put aside.
        """
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for (old,) in connection.execute(
                "select datname from pg_database"
                " where datname = %s or starts_with(datname, %s || '__')",
                (database, database),
            ).fetchall():
                connection.execute(f'drop database "{old}" with (force)')
            connection.execute(f"create database {database}")
        return self.url(database)


@pytest.fixture(scope="session")
def oltp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThrowAwayServer]:
    """One server for the session; tests make databases of their own."""
    server = ThrowAwayServer(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def oltp_url(oltp_server: ThrowAwayServer) -> str:
    """An empty OLTP database."""
    return oltp_server.create_database("oltp_under_test")


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.full)])
def target(request: pytest.FixtureRequest) -> str:
    """Both warehouse engines, one after the other; in the quick lane the default one alone."""
    return str(request.param)


@pytest.fixture
def settings(tmp_path: Path, target: str, oltp_server: ThrowAwayServer) -> Settings:
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
    """Write a source file; returns the folder to pass as ``definitions``.

    Tables that say nothing of their columns' classes get one for all.
    """

    def write(name: str, text: str) -> Path:
        folder = tmp_path / "sources"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yml").write_text(classified(text), encoding="utf-8")
        return folder

    return write
