"""The marts of DuckDB and Postgres, row by row: decimals exact, doubles not to be found."""

from __future__ import annotations

import pytest

from finhouse.settings import PROJECT_ROOT
from tests.support.house import RUN_HISTORY, House, marts

ALL_MARTS = sorted(
    path.stem for path in (PROJECT_ROOT / "dbt_project/models/marts").glob("*/*.sql")
)
# The two targets are built one after the other: these tell when.
TIMES_OF_THE_RUN = {
    "freshness": {"age_hours", "last_loaded_at", "last_changed_at", "checked_at"},
}


def test_both_targets_publish_every_mart(company: House):
    assert marts(company, "duckdb") == marts(company, "postgres") == ALL_MARTS


@pytest.mark.parametrize("mart", [mart for mart in ALL_MARTS if mart not in RUN_HISTORY])
def test_rows_are_equal(company: House, mart: str):
    columns = [
        name
        for (name,) in company.published_rows(
            "select column_name from information_schema.columns "
            f"where table_schema = 'published' and table_name = '{mart}' order by ordinal_position"
        )
        if name not in TIMES_OF_THE_RUN.get(mart, ())
    ]
    listed = ", ".join(columns)
    left, right = (
        company.published_rows(f"select {listed} from published.{mart}", target)
        for target in ("duckdb", "postgres")
    )
    assert len(left) == len(right)
    only_duckdb, only_postgres = set(left) - set(right), set(right) - set(left)
    assert not only_duckdb and not only_postgres, (
        f"{len(only_duckdb)} rows differ, e.g. {sorted(map(str, only_duckdb))[:2]} on DuckDB, "
        f"{sorted(map(str, only_postgres))[:2]} on Postgres"
    )


def test_no_mart_holds_a_float(company: House, target: str):
    floats = company.published_rows(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'published' "
        "and lower(data_type) in ('double', 'double precision', 'real', 'float')",
        target,
    )
    assert floats == []
