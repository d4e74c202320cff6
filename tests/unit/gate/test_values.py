"""Marts and KPI values compared row by row, in two small warehouses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from finhouse.dbt.sql_columns import ROWS
from finhouse.gate.builds import Built
from finhouse.gate.values import Comparison, MartDifference, moved_codes, side_by_side
from finhouse.settings import Settings

SALES = "create table marts.sales (id integer, day date, amount integer, note text)"
KPIS = (
    "create table marts.kpi_monthly (kpi_code text, month_start date, numerator numeric(26, 8),"
    " denominator numeric(26, 8), value numeric(26, 8))"
)
STEPS = "create table raw_seeds.steps (kpi_code text, target integer)"


def built(home: Path, statements: list[str], grain: tuple[str, ...] = ("id", "day")) -> Built:
    """A warehouse of these statements, and the manifest of its marts."""
    home.mkdir()
    settings = Settings(home=home, landing=home)
    with duckdb.connect(str(settings.duckdb_path)) as connection:
        for statement in ("create schema marts", "create schema raw_seeds", *statements):
            connection.execute(statement)
    grains = {"sales": list(grain), "kpi_monthly": ["kpi_code", "month_start"]}
    nodes = {
        f"model.finhouse.{name}": {
            "unique_id": f"model.finhouse.{name}",
            "resource_type": "model",
            "name": name,
            "schema": "marts",
            "fqn": ["finhouse", "marts", name],
            "config": {"meta": {"grain": grain}},
        }
        for name, grain in grains.items()
    }
    return Built(settings, {"nodes": nodes}, frozenset(nodes))


@pytest.fixture
def compared(tmp_path: Path):
    """Compare two lists of statements; the warehouses are closed at the end of the test."""
    opened = []

    def compare(base: list[str], head: list[str], **about: tuple[str, ...]) -> Comparison:
        sides = built(tmp_path / "base", base, **about), built(tmp_path / "head", head, **about)
        opened.append(side_by_side(*sides))
        return opened[-1].__enter__()

    yield compare
    for one in opened:
        one.__exit__(None, None, None)


def sales(*rows: str) -> list[str]:
    return [SALES, KPIS, *(f"insert into marts.sales values ({row})" for row in rows)]


def of_sales(comparison: Comparison) -> MartDifference:
    return next(mart for mart in comparison.marts() if mart.mart == "sales")


DAY = "date '2026-01-01'"


def test_keys_and_columns_that_differ_are_counted(compared):
    found = of_sales(
        compared(
            sales(f"1, {DAY}, 10, 'a'", f"2, {DAY}, 20, null", f"3, {DAY}, 30, 'c'"),
            sales(f"1, {DAY}, 10, 'a'", f"2, {DAY}, 21, 'b'", f"4, {DAY}, 40, 'd'"),
        )
    )
    assert (found.base_rows, found.head_rows) == (3, 3)
    assert (found.only_base, found.only_head, found.differing) == (1, 1, 1)
    assert found.columns == (("amount", 1), ("note", 1))
    assert found.examples[0] == "id=2, day=2026-01-01"


def test_the_same_rows_in_another_order_are_equal(compared):
    rows = [f"1, {DAY}, 10, null", "2, null, 20, 'b'"]
    found = of_sales(compared(sales(*rows), sales(*reversed(rows))))
    assert found.is_equal
    assert found.examples == ()


def test_a_number_that_became_text_of_the_same_digits_does_not_differ(compared):
    head = [SALES.replace("amount integer", "amount text"), KPIS]
    head.append(f"insert into marts.sales values (1, {DAY}, '10', 'a')")
    assert of_sales(compared(sales(f"1, {DAY}, 10, 'a'"), head)).is_equal


def test_without_a_common_key_whole_rows_are_compared(compared):
    found = of_sales(
        compared(
            sales(f"1, {DAY}, 10, 'a'", f"1, {DAY}, 10, 'a'"),
            sales(f"1, {DAY}, 10, 'a'", f"2, {DAY}, 10, 'a'"),
            grain=("order_id",),
        )
    )
    assert (found.only_base, found.only_head, found.differing) == (1, 1, 0)
    assert "no common key" in found.note


def kpis(*rows: str) -> list[str]:
    return [SALES, KPIS, *(f"insert into marts.kpi_monthly values ({row})" for row in rows)]


def test_a_kpi_moves_by_value_or_part_and_appears_and_disappears(compared):
    comparison = compared(
        kpis(f"'mau', {DAY}, 5, null, 5", f"'rate', {DAY}, 1, 2, 0.5", f"'old', {DAY}, 1, null, 1"),
        kpis(f"'mau', {DAY}, 7, null, 7", f"'rate', {DAY}, 2, 4, 0.5", f"'new', {DAY}, 1, null, 1"),
    )
    moves = {move.code: move for move in comparison.kpi_moves()}
    assert moves["mau"].period == date(2026, 1, 1)
    assert (moves["mau"].old, moves["mau"].new) == (Decimal(5), Decimal(7))
    assert moves["mau"].difference == Decimal(2)
    assert moves["rate"].difference == 0, "its parts moved, and a quarter is made of parts"
    assert (moves["old"].kind, moves["new"].kind) == ("disappeared", "appeared")
    assert moved_codes(moves.values()) == ["mau", "old", "rate"], "a new KPI breaks nothing"


def test_equal_kpis_do_not_move(compared):
    rows = kpis(f"'mau', {DAY}, 5, null, 5", f"'none', {DAY}, null, null, null")
    assert compared(rows, rows).kpi_moves() == []


def test_a_seed_tells_its_changed_columns_and_kpis(compared):
    def seed(*rows: str) -> list[str]:
        return [SALES, KPIS, STEPS, *(f"insert into raw_seeds.steps values ({r})" for r in rows)]

    comparison = compared(seed("'mau', 1", "'ltv', 2"), seed("'mau', 1", "'ltv', 3"))
    assert comparison.seed_columns("raw_seeds", "steps") == {"target"}
    assert comparison.seed_kpis("raw_seeds", "steps") == {"ltv"}


def test_a_seed_with_another_row_changes_its_rows(compared):
    base = [SALES, KPIS, STEPS, "insert into raw_seeds.steps values ('mau', 1)"]
    comparison = compared(base, [*base, "insert into raw_seeds.steps values ('ltv', 1)"])
    assert comparison.seed_columns("raw_seeds", "steps") == {"kpi_code", "target", ROWS}
    assert comparison.seed_kpis("raw_seeds", "steps") == {"ltv"}


STATUSES = (
    "create table marts.kpi_monthly (kpi_code text, month_start date, numerator numeric(26, 8),"
    " denominator numeric(26, 8), value numeric(26, 8), target_status text,"
    " is_complete_period boolean)"
)


def month(number: int, value: object, status: str, complete: str = "true") -> str:
    return (
        f"insert into marts.kpi_monthly values"
        f" ('churn', date '2026-{number:02}-01', 1, 1, {value}, '{status}', {complete})"
    )


def test_a_target_that_turns_past_verdicts_is_told(compared):
    base = [STATUSES, month(1, 4, "met"), month(2, 4, "met"), month(3, 9, "missed")]
    head = [STATUSES, month(1, 4, "missed"), month(2, 4, "missed"), month(3, 9, "missed")]
    [flip] = compared(base, head).status_flips()
    assert (flip.code, flip.old, flip.new, flip.periods) == ("churn", "met", "missed", 2)
    assert (flip.first, flip.last) == (date(2026, 1, 1), date(2026, 2, 1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (month(1, 4, "met"), month(1, 5, "missed")),  # the value moved: that is told
        (month(1, 4, "met", "false"), month(1, 4, "missed", "false")),  # the month is running
        (month(1, 4, "no_target"), month(1, 4, "missed")),  # a first target
        (month(1, 4, "incomplete"), month(1, 4, "missed")),  # the file came
        (month(1, 4, "met"), month(2, 4, "missed")),  # another month
        (month(1, 4, "met"), month(1, 4, "met")),
    ],
)
def test_other_verdicts_are_no_flips(compared, before: str, after: str):
    assert compared([STATUSES, before], [STATUSES, after]).status_flips() == []


def test_a_mart_without_verdicts_has_no_flips(compared):
    assert compared([KPIS], [KPIS]).status_flips() == []
