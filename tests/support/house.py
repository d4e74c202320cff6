"""A whole finhouse in a folder of its own: its OLTP, its landing folder, its two warehouses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from finhouse.demo import truth_file
from finhouse.domains import SELECTION
from finhouse.oltp import EmbeddedServer
from finhouse.parity import RUN_HISTORY
from finhouse.publish import PUBLISHED_SCHEMA
from finhouse.settings import PROJECT_ROOT, Settings, load_settings
from finhouse.warehouse import Warehouse, open_published, open_warehouse

TARGETS = ("duckdb", "postgres")
# For a build whose rows are compared; data tests take much of its time.
WITHOUT_DATA_TESTS = {"DBT_RESOURCE_TYPES": "seed snapshot model"}


@dataclass(frozen=True)
class House:
    """A finhouse living in ``home``; commands run as a user would run them.

    Attributes:
        domains: those it is for, separated by commas; empty: all.
        project: whose commands are run: another one than this is a copy that a test has changed.
    """

    home: Path
    domains: str = ""
    project: Path = PROJECT_ROOT

    @property
    def environment(self) -> dict[str, str]:
        """The process environment with this house's folder and none of the caller's databases."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FINHOUSE_", "DBT_", "SNOWFLAKE_"))
            and not name.endswith("_URL")
        }
        if self.project != PROJECT_ROOT:
            kept["PYTHONPATH"] = str(self.project)
        return kept | {
            "FINHOUSE_HOME": str(self.home),
            SELECTION: self.domains,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        }

    @property
    def server(self) -> EmbeddedServer:
        return EmbeddedServer(self.settings().oltp_home)

    def settings(self, target: str = "duckdb") -> Settings:
        return load_settings(self.environment, target=target)

    def run(
        self, *arguments: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``finhouse <arguments>`` to its end, whatever that is."""
        return subprocess.run(
            [sys.executable, "-m", "finhouse", *arguments],
            cwd=self.project,
            env=self.environment | (env or {}),
            text=True,
            capture_output=True,
        )

    def succeed(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        """Run a command that must succeed and return what it printed."""
        result = self.run(*arguments, env=env)
        assert result.returncode == 0, (
            f"finhouse {' '.join(arguments)} ended with {result.returncode}:\n"
            f"{result.stdout}\n{result.stderr}"
        )
        return result.stdout

    def kill_during(self, *arguments: str, moment: Callable[[float], bool]) -> None:
        """Run ``finhouse <arguments>`` and kill -9 it, with all it started.

        Args:
            moment: whether to do it now, asked with the seconds since the start.
        """
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "finhouse", *arguments],
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not moment(time.monotonic() - started):
            assert process.poll() is None, f"finhouse {' '.join(arguments)} ended before"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def rows(self, sql: str, target: str = "duckdb") -> list[tuple]:
        """Rows of a query on the working warehouse."""
        url = self.server.url("warehouse") if target == "postgres" else None
        with open_warehouse(self.settings(target), url=url) as warehouse:
            return warehouse.execute(sql)

    def execute_warehouse(self, sql: str, target: str = "duckdb") -> None:
        """Change the working warehouse behind the pipeline's back."""
        url = self.server.url("warehouse") if target == "postgres" else None
        with open_warehouse(self.settings(target), url=url) as warehouse, warehouse.transaction():
            warehouse.execute(sql)

    def published(self, target: str = "duckdb") -> Warehouse:
        """What readers see, open."""
        url = self.server.url("warehouse") if target == "postgres" else None
        return open_published(self.settings(target), url)

    def published_rows(self, sql: str, target: str = "duckdb") -> list[tuple]:
        """Rows of a query on what readers see."""
        with self.published(target) as published:
            return published.execute(sql)

    def oltp_rows(self, sql: str) -> list[tuple]:
        """Rows of a query on the OLTP, in the wallet's time zone."""
        with psycopg.connect(self.server.url("oltp")) as connection:
            connection.execute("set time zone 'Africa/Johannesburg'")
            return connection.execute(sql).fetchall()

    def execute_oltp(self, sql: str) -> None:
        with psycopg.connect(self.server.url("oltp")) as connection:
            connection.execute(sql)

    def truth(self, business: str = "wallet") -> dict:
        """A business's own account of itself."""
        return json.loads(truth_file(self.settings().demo_home, business).read_text())

    def fingerprints(self, schemas: list[str], target: str = "duckdb") -> dict[str, tuple]:
        """Row count and order-free checksum of every table of some schemas, but for run history."""
        url = self.server.url("warehouse") if target == "postgres" else None
        with open_warehouse(self.settings(target), url=url) as warehouse:
            return _fingerprints(warehouse, schemas, target)

    def published_fingerprints(self, target: str = "duckdb") -> dict[str, tuple]:
        """The same of what readers see."""
        with self.published(target) as published:
            return _fingerprints(published, [PUBLISHED_SCHEMA], target)


def _fingerprints(warehouse: Warehouse, schemas: list[str], target: str) -> dict[str, tuple]:
    listed = ", ".join(f"'{schema}'" for schema in schemas)
    tables = warehouse.execute(
        "select table_schema, table_name from information_schema.tables "
        f"where table_schema in ({listed}) and table_type = 'BASE TABLE' order by 1, 2"
    )
    assert tables, f"no table in {listed}"
    checksum = {
        "duckdb": "select count(*), sum(hash(t)::hugeint) from {} as t",
        "postgres": "select count(*), sum(hashtextextended(t::text, 0)::numeric) from {} as t",
    }[target]
    return {
        f"{schema}.{table}": warehouse.execute(checksum.format(f"{schema}.{table}"))[0]
        for schema, table in tables
        if table not in RUN_HISTORY
    }


def marts(house: House, target: str = "duckdb") -> list[str]:
    """Names of the published marts."""
    return [
        name
        for (name,) in house.published_rows(
            "select table_name from information_schema.tables "
            f"where table_schema = '{PUBLISHED_SCHEMA}' order by 1",
            target,
        )
    ]
