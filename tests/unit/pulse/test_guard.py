"""Monitors run one SELECT over what is published, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from finhouse.pulse.guard import ROW_LIMIT, PublishedTables, UnsafeSqlError, checked

TABLES = PublishedTables(
    columns={
        "kpi_daily": ("kpi_code", "date_day", "value", "is_complete_period"),
        "dim_users": ("user_id", "blood_hash", "signup_source"),
    },
    personal={"dim_users": ("user_id", "blood_hash")},
)
HOSTILE = yaml.safe_load((Path(__file__).parent / "hostile_statements.yml").read_text())
DIALECTS = ("duckdb", "postgres")
SAFE = (
    "select date_day, value from published.kpi_daily where kpi_code = 'mau' order by date_day",
    "select count(*) as value from kpi_daily",
    "with days as (select date_day, avg(value) over (order by date_day rows between 6 preceding "
    "and current row) as smoothed from published.kpi_daily) select * from days",
    "select signup_source, count(*) as value from published.dim_users group by signup_source",
    "select date_trunc('month', date_day) as month, sum(value) / nullif(count(*), 0) as value "
    "from published.kpi_daily where is_complete_period group by 1 having count(*) > 3",
    "select case when value > 1 then 'high' else 'low' end as band from published.kpi_daily "
    "union all select 'none' as band",
    "select percentile_cont(0.5) within group (order by value) as value from published.kpi_daily",
    "select value from published.kpi_daily where date_day > current_day.date_day",
)


def test_the_catalogue_holds_at_least_25_different_statements():
    assert len({entry["sql"] for entry in HOSTILE}) == len(HOSTILE) >= 25


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("entry", HOSTILE, ids=lambda entry: entry["name"])
def test_a_hostile_statement_is_refused_with_its_reason(entry: dict[str, Any], dialect: str):
    with pytest.raises(UnsafeSqlError) as refused:
        checked(entry["sql"], TABLES, dialect)
    reason = entry["reason"]
    if isinstance(reason, dict):
        reason = reason[dialect]
    assert reason.lower() in refused.value.message.lower()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("sql", SAFE[:-1])
def test_what_monitors_need_is_allowed(sql: str, dialect: str):
    assert f"LIMIT {ROW_LIMIT + 1}" in checked(sql, TABLES, dialect).text


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("limit", ["1001", "500 + 1", "1e2", "(select 5)", "null"])
def test_a_limit_is_a_number_that_a_query_may_return(limit: str, dialect: str):
    with pytest.raises(UnsafeSqlError, match="LIMIT"):
        checked(f"{SAFE[0]} limit {limit}", TABLES, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_limit_of_its_own_is_kept(dialect: str):
    found = checked(f"{SAFE[0]} limit {ROW_LIMIT}", TABLES, dialect).text
    assert found.endswith(f"LIMIT {ROW_LIMIT}")


def test_nul_is_no_text():
    with pytest.raises(UnsafeSqlError, match="NUL"):
        checked(f"{SAFE[0]} -- \x00", TABLES, "duckdb")


def test_a_table_that_is_not_joined_is_not_guessed():
    with pytest.raises(UnsafeSqlError, match="cannot be found"):
        checked(SAFE[-1], TABLES, "duckdb")


def test_it_says_which_columns_come_back():
    assert checked("select * from published.kpi_daily", TABLES, "postgres").columns == (
        *("kpi_code", "date_day", "value", "is_complete_period"),
    )
