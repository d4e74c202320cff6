"""A small house that loads and publishes without dbt, to be lost and restored."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import conninfo

from finhouse.extract_load import LoadResult, load_source
from finhouse.publish import Publication, ensure_reporting_tables, publish
from finhouse.settings import Settings
from finhouse.warehouse import open_published, open_warehouse

FILES_YAML = """
kind: csv_folder
name: deliveries
folder: deliveries
table: parcels
file_pattern: "parcels_{date:%Y%m%d}.csv"
columns: [parcel_id, weight]
"""
MARTS = {
    "kpi_monthly": "kpi_code text, month_start date, numerator numeric(26, 8),"
    " denominator numeric(26, 8), value numeric(26, 8), is_complete_period boolean",
    "kpi_daily": "kpi_code text, date_day date, numerator numeric(26, 8),"
    " denominator numeric(26, 8), value numeric(26, 8), is_complete_period boolean",
    "kpi_restatements": "kpi_code text, period_grain text, period_start date,"
    " cause_kind text, cause_batches text, restated_at timestamp, change_number bigint",
}


@dataclass
class KeptHouse:
    """An OLTP database, a landing folder, and a warehouse that is opened for each step alone."""

    oltp_url: str
    settings: Settings
    definitions: Path

    def sql(self, statement: str) -> None:
        """Change the OLTP database, committed."""
        with psycopg.connect(self.oltp_url, autocommit=True) as connection:
            connection.execute(statement)

    def load(self, source: str = "shop") -> list[LoadResult]:
        with open_warehouse(self.settings) as warehouse:
            ensure_reporting_tables(self.settings, warehouse)
            return load_source(
                self.settings,
                source,
                oltp_url=self.oltp_url,
                warehouse=warehouse,
                definitions=self.definitions,
            )

    def deliver(self, day: str, rows: int) -> None:
        """Put a file with ``rows`` parcels into the landing folder."""
        folder = self.settings.landing / "deliveries"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{day}-{number},{number}" for number in range(rows)]
        (folder / f"parcels_{day}.csv").write_text("\n".join(["parcel_id,weight", *lines, ""]))

    def publish(self, value: int) -> Publication:
        """Publish marts in which the KPI of January has this value."""
        output = self.settings.dbt_output
        output.mkdir(parents=True, exist_ok=True)
        nodes = {
            name: {"name": name, "resource_type": "model", "fqn": ["finhouse", "marts", name]}
            for name in MARTS
        }
        (output / "manifest.json").write_text(json.dumps({"nodes": nodes}))
        with open_warehouse(self.settings) as warehouse:
            warehouse.create_schema("marts")
            for mart, columns in MARTS.items():
                warehouse.execute(f"create table if not exists marts.{mart} ({columns})")
            warehouse.execute("delete from marts.kpi_monthly")
            warehouse.execute(
                "insert into marts.kpi_monthly"
                f" values ('orders', date '2026-01-01', {value}, 1, {value}, true)"
            )
            return publish(self.settings, warehouse)

    def rows(self, query: str) -> list[tuple]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.execute(query)

    def execute(self, statement: str) -> None:
        """Change the warehouse behind the loader's back."""
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(statement)

    def published_value(self) -> int:
        """The KPI of January as readers see it."""
        with open_published(self.settings) as published:
            [(value,)] = published.execute("select value from published.kpi_monthly")
            return int(value)

    def assert_equal(self) -> None:
        """Raw holds exactly the rows of the OLTP."""
        query = "select id, amount, status from {} order by id"
        with psycopg.connect(self.oltp_url) as connection:
            expected = connection.execute(query.format("shop.orders")).fetchall()
        assert self.rows(query.format("raw_shop.orders")) == expected

    def books(self) -> dict[str, list[tuple]]:
        """What cannot be built again from the sources."""
        return {
            table: self.rows(f"select * from raw_operations.{table} order by 1, 2, 3")
            for table in ("load_log", "publications", "reported_kpis")
        }

    def lose_warehouse(self) -> None:
        """Remove it, as a lost disk or server would."""
        if self.settings.is_file:
            for path in self.settings.home.glob("*warehouse.duckdb*"):
                path.unlink()
            self.settings.published_path.unlink(missing_ok=True)
            return
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(f"drop database {self.database} with (force)")

    @property
    def database(self) -> str:
        return str(conninfo.conninfo_to_dict(self.settings.warehouse_url)["dbname"])

    @property
    def server_url(self) -> str:
        """The Postgres warehouse's server, outside of the warehouse."""
        parts = conninfo.conninfo_to_dict(self.settings.warehouse_url)
        return conninfo.make_conninfo(**parts | {"dbname": "postgres"})

    def databases(self) -> list[str]:
        with psycopg.connect(self.server_url) as connection:
            rows = connection.execute("select datname from pg_database order by 1").fetchall()
        return [name for (name,) in rows if name.startswith(self.database)]

    def killed_in(self, module: str, call: str, function: str, moment: str) -> None:
        """Call ``call`` in a process that dies (kill -9) before or after one of its functions.

        Args:
            module: of finhouse.safety.
            call: an expression; ``settings`` is at hand.
            function: of the module, or ``Path.<method>``.
            moment: ``before`` or ``after``.
        """
        program = textwrap.dedent(f"""
            import os, signal
            from pathlib import Path
            from finhouse.settings import Settings
            import finhouse.safety.{module} as module
            from finhouse.safety.{module} import *
            owner, name = (Path, {function!r}[5:]) if {function!r}.startswith("Path.") else (
                module, {function!r})
            original = getattr(owner, name)
            def dying(*arguments, **named):
                if {moment!r} == "after":
                    original(*arguments, **named)
                os.kill(os.getpid(), signal.SIGKILL)
            setattr(owner, name, dying)
            settings = Settings(Path({str(self.settings.home)!r}),
                                Path({str(self.settings.landing)!r}), {self.settings.target!r},
                                None, {self.settings.warehouse_url!r})
            {call}
        """)
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert result.returncode == -9, result.stderr
