"""A house with monitors: a publication that a test writes, and the tables of pulse beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from finhouse.pulse import monitors
from finhouse.pulse.reading import Row, open_reader
from finhouse.pulse.running import Execution, run_due, run_one
from finhouse.pulse_tables import connect_pulse
from finhouse.settings import Settings, load_settings
from tests.support.api import write_publication

OWNER = "ada"
SQL = "select date_day, bank, value from published.figures order by date_day"
BELOW = {"column": "value", "key": ["bank"], "period": "date_day", "op": "<", "value": 10}
FIRST = date(2026, 6, 1)
# The marts that the publications of tests have, and their columns.
_MARTS = {
    "figures": ("date_day", "bank", "value", "secret"),
    "data_recency": ("domain", "as_of_date", "publication_id", "built_at"),
    "kpi_catalogue": (
        *("kpi_code", "kpi_name", "domain", "unit", "display_order"),
        *("has_monthly_values", "has_daily_values"),
    ),
    "kpi_monthly": (
        *("kpi_code", "month_start", "value", "target", "value_last_year", "currency_code"),
        "is_complete_period",
    ),
}
CATALOGUE = (
    "create table published.kpi_catalogue as select * from (values "
    "('mau', 'Monthly active users', 'wallet', 'count', 1, true, false), "
    "('commerce_orders', 'Orders', 'commerce', 'count', 2, true, false)) as t(kpi_code, kpi_name, "
    "domain, unit, display_order, has_monthly_values, has_daily_values)"
)
MONTHS = (
    "create table published.kpi_monthly as select 'mau' as kpi_code, month_start, "
    "(900 + month(month_start))::decimal(26, 8) as value, 905::decimal(26, 8) as target, "
    "null::decimal(26, 8) as value_last_year, null::text as currency_code, "
    "month_start < date '2026-07-01' as is_complete_period "
    "from (select unnest(generate_series(date '2026-01-01', date '2026-07-01', interval '1 month'))"
    "::date as month_start)"
)
_PERSONAL = {("figures", "secret")}


class Watched:
    """A house whose publications have one mart of figures, and monitors on it.

    Args:
        home: its folder.
        url: database for the tables of pulse.
    """

    def __init__(self, home: Path, url: str) -> None:
        self.settings: Settings = load_settings({"FINHOUSE_HOME": str(home), "PULSE_URL": url})
        self._number = 0
        write_manifest(self.settings.dbt_output)

    def publish(self, **values: Any) -> str:
        """Publish another day: the value of each bank, None for no value; returns its id.

        What was published before stays published.
        """
        self._number += 1
        number = f"p{self._number:03}"
        rows = [*getattr(self, "_rows", []), *self._day(values)]
        self._rows = rows
        listed = ", ".join(rows) or "(date '2026-01-01', 'none', null, 'x')"
        write_publication(
            self.settings.published_path,
            number,
            "create table published.figures as select * from (values "
            f"{listed}) as t(date_day, bank, value, secret)"
            + ("" if rows else " where bank <> 'none'"),
            CATALOGUE,
            MONTHS,
        )
        return number

    def forget(self) -> None:
        """Let the next publication begin without rows."""
        self._rows: list[str] = []

    def monitor(self, **changes: Any) -> Row:
        """Keep a monitor that alerts on banks below 10."""
        draft = monitors.Draft(
            **(
                {
                    "owner": OWNER,
                    "name": "Low figures",
                    "sql": SQL,
                    "condition": BELOW,
                    "data_source": "duckdb",
                }
                | changes
            )
        )
        with connect_pulse(self.settings) as connection, open_reader(self.settings) as reader:
            return monitors.create(connection, reader, draft)

    def edit(self, name: str = "Low figures", **changes: Any) -> Row:
        with connect_pulse(self.settings) as connection, open_reader(self.settings) as reader:
            return monitors.edit(
                connection, reader, name, changes, reason="as the test says", user=OWNER
            )

    def run(self, name: str = "Low figures") -> Execution:
        """Run one monitor now."""
        with connect_pulse(self.settings) as connection, open_reader(self.settings) as reader:
            return run_one(connection, reader, name, "duckdb")

    def run_due(self) -> list[Execution]:
        with connect_pulse(self.settings) as connection, open_reader(self.settings) as reader:
            return run_due(connection, reader, "duckdb")

    def rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[Row]:
        with connect_pulse(self.settings) as connection:
            return connection.execute(sql, params).fetchall()

    def execute(self, sql: str) -> None:
        with connect_pulse(self.settings) as connection:
            connection.execute(sql)

    def alerts(self) -> list[Row]:
        """All alerts, in the order they were raised."""
        return self.rows("select * from pulse.pulse_alerts order by detected_at, fingerprint")

    def let_time_pass(self, hours: float) -> None:
        """Let everything that has happened have happened so much earlier."""
        with connect_pulse(self.settings) as connection:
            _shift(connection, hours)

    def _day(self, values: Mapping[str, Any]) -> list[str]:
        day = FIRST + timedelta(days=self._number)
        return [
            f"(date '{day}', '{bank}', {'null' if value is None else value}::decimal(18, 4), 'x')"
            for bank, value in values.items()
        ]


def _shift(connection: psycopg.Connection, hours: float) -> None:
    for table, columns in {
        "pulse_alerts": (
            *("detected_at", "first_seen_at", "last_seen_at", "resolved_at"),
            *("snoozed_until", "notified_at"),
        ),
        "pulse_monitors": ("next_run", "last_run"),
        "pulse_execution_log": ("executed_at",),
    }.items():
        moved = ", ".join(f"{name} = {name} - %(by)s * interval '1 hour'" for name in columns)
        connection.execute(f"update pulse.{table} set {moved}", {"by": hours})


def write_manifest(folder: Path) -> None:
    """What dbt says of the marts that the publications of tests have."""
    nodes = {
        f"model.finhouse.{mart}": {
            "resource_type": "model",
            "name": mart,
            "fqn": ["finhouse", "marts", mart],
            "config": {"meta": {"data_class": "internal"}},
            "columns": {
                column: {"meta": {"data_class": "personal"}} if (mart, column) in _PERSONAL else {}
                for column in columns
            },
        }
        for mart, columns in _MARTS.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"nodes": nodes}))
