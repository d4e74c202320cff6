"""A question has the same answer on both engines, down to the last row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.rows import dict_row

from finhouse.pulse.questions.asking import Answer, ask
from tests.support.warehouse import ThrowAwayServer

# Twelve months of a rate and a count; June is complete, July runs; two banks carry May and June.
STATEMENTS = (
    "create schema published",
    "create table published.data_recency as "
    "select 'wallet' as domain, date '2026-06-30' as as_of_date",
    "create table published.kpi_catalogue as select * from (values "
    "('success_rate', 'Success rate', 'wallet', 'rate', 1, true, true), "
    "('mau', 'Monthly active users', 'wallet', 'count', 2, true, false)) as t(kpi_code, kpi_name, "
    "domain, unit, display_order, has_monthly_values, has_daily_values)",
    "create table published.kpi_monthly as select k as kpi_code, "
    "cast(date '2025-08-01' + n * interval '1 month' as date) as month_start, "
    "cast(case when k = 'mau' then 100 + n else 0.90 + n * 0.005 end as decimal(26, 8)) as value, "
    "cast(105 as decimal(26, 8)) as target, cast(50 + n as decimal(26, 8)) as value_last_year, "
    "cast(null as varchar) as currency_code, n < 11 as is_complete_period "
    "from generate_series(0, 11) as s(n) cross join (values ('mau'), ('success_rate')) as c(k)",
    "create table published.kpi_daily as select 'success_rate' as kpi_code, "
    "cast(date '2026-06-01' + n * interval '1 day' as date) as date_day, "
    "cast(0.9 as decimal(26, 8)) as value, cast(null as decimal(26, 8)) as target, "
    "cast(null as varchar) as currency_code, true as is_complete_period "
    "from generate_series(0, 29) as s(n)",
    "create table published.bank_performance_monthly as select * from (values "
    "(date '2026-05-01', 'A', 9, 10), (date '2026-05-01', 'B', 1, 2), "
    "(date '2026-06-01', 'A', 8, 10), (date '2026-06-01', 'B', 0, 0), "
    "(date '2026-07-01', 'A', 1, 1)) as t("
    "month_start, bank_name, completed_transaction_count, transaction_count)",
)


@pytest.fixture(params=["duckdb", "postgres"])
def answer(request: pytest.FixtureRequest, oltp_server: ThrowAwayServer) -> Any:
    """Answers a question from what the statements have published."""
    dialect = request.param
    connection: Any
    if dialect == "duckdb":
        connection = duckdb.connect()

        def run(sql: str) -> list[dict[str, Any]]:
            found = connection.execute(sql)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    else:
        url = oltp_server.create_database("asked")
        connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)

        def run(sql: str) -> list[dict[str, Any]]:
            return connection.execute(sql).fetchall()

    with connection:
        for statement in STATEMENTS:
            connection.execute(statement)
        yield lambda question: ask(question, run, dialect, ["wallet"])


def rows(found: Answer, *columns: str) -> list[tuple[Any, ...]]:
    assert found.outcome == "answered", found
    return [
        tuple(
            round(Decimal(row[name]), 4) if isinstance(row[name], float | Decimal) else row[name]
            for name in columns
        )
        for row in found.rows
    ]


def months(found: Answer, *columns: str) -> list[tuple[Any, ...]]:
    return [(f"{start:%Y-%m}", *values) for start, *values in rows(found, "month_start", *columns)]


@pytest.mark.parametrize(
    ("question", "columns", "expected"),
    [
        ("mau", ("value",), [("2026-06", 110)]),
        ("mau last 2 months", ("value",), [("2026-06", 110), ("2026-05", 109)]),
        ("mau this month", ("value", "is_complete_period"), [("2026-07", 111, False)]),
        ("mau above 108", ("value",), [("2026-06", 110), ("2026-05", 109)]),
        ("mau in May 2026 vs target", ("value", "target"), [("2026-05", 109, 105)]),
        (
            "mau last 2 months compared with the month before",
            ("value", "previous_value"),
            [("2026-06", 110, 109), ("2026-05", 109, 108)],
        ),
        ("mau vs last year", ("value", "value_last_year"), [("2026-06", 110, 60)]),
        ("success rate at least 95 %", ("value",), [("2026-06", Decimal("0.95"))]),
        (
            "success rate by bank last quarter",
            ("bank_name", "value"),
            [
                ("2026-06", "A", Decimal("0.8")),
                ("2026-06", "B", None),
                ("2026-05", "A", Decimal("0.9")),
                ("2026-05", "B", Decimal("0.5")),
            ],
        ),
        (
            "total transactions by bank",
            ("bank_name", "value"),
            None,
        ),
        (
            "success rate by bank",
            ("bank_name", "value"),
            [("2026-06", "A", Decimal("0.8")), ("2026-06", "B", None)],
        ),
    ],
)
def test_an_answer(
    answer: Any, question: str, columns: tuple[str, ...], expected: list[tuple[Any, ...]] | None
):
    found = answer(question)
    if expected is None:
        assert found.outcome == "not_understood", "the KPI is not published"
    else:
        assert months(found, *columns) == expected


def test_days_are_those_of_the_period(answer: Any):
    found = rows(answer("success rate by day last week"), "date_day", "value")
    assert [str(day) for day, _ in found] == [f"2026-06-{day}" for day in range(28, 21, -1)]


def test_twelve_of_many_are_the_latest_complete_ones(answer: Any):
    assert [month for (month,) in months(answer("mau by month"))] == [
        *(f"2026-{month:02}" for month in range(6, 0, -1)),
        *(f"2025-{month:02}" for month in range(12, 7, -1)),
    ]
