"""The pieces of the pull-request gate's report: contracts, declarations, columns, Markdown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from finhouse.dbt.sql_columns import ROWS, read_columns
from finhouse.errors import GateError
from finhouse.gate.contracts import contract_changes
from finhouse.gate.declarations import declares, new_declarations
from finhouse.gate.model_changes import ChangedTests, Version, changed_tests, model_changes
from finhouse.gate.moves import Impact, Moves, Undeclared
from finhouse.gate.report import (
    MARKER,
    MAX_CHARACTERS,
    declaration_lines,
    render,
    render_failures,
)
from finhouse.gate.values import KpiMove, MartDifference


def mart(name: str = "sales", grain: list[str] | None = None, **columns: dict) -> dict:
    """A mart as dbt's manifest has it; columns as ``name={"data_type": ..., ...}``."""
    return {
        "resource_type": "model",
        "unique_id": f"model.finhouse.{name}",
        "name": name,
        "schema": "marts",
        "fqn": ["finhouse", "marts", name],
        "config": {
            "contract": {"enforced": True},
            "meta": {"grain": grain or ["id"], "owner": "Finance", "data_class": "internal"},
        },
        "columns": {
            column: {"description": "", "constraints": [], "config": {}} | about
            for column, about in columns.items()
        },
        **sql("select 1"),
        "description": "",
        "depends_on": {"macros": []},
    }


def sql(raw: str, compiled: str | None = None) -> dict:
    """A node's text, and what it compiles to."""
    return {"raw_code": raw, "compiled_code": compiled or raw, "checksum": {"checksum": raw}}


def manifest(*nodes: dict) -> dict:
    return {"nodes": {node["unique_id"]: node for node in nodes}, "macros": {}, "unit_tests": {}}


NOT_NULL = [{"type": "not_null"}]
INTEGER = {"data_type": "integer"}


@pytest.mark.parametrize(
    ("before", "after", "what", "is_breaking"),
    [
        ({"a": INTEGER}, {}, "column removed", True),
        ({"a": INTEGER}, {"a": {"data_type": "bigint"}}, "type changed", True),
        ({"a": INTEGER | {"constraints": NOT_NULL}}, {"a": INTEGER}, "may now be null", True),
        ({}, {"a": INTEGER}, "column added", False),
        ({"a": INTEGER}, {"a": INTEGER | {"constraints": NOT_NULL}}, "is now never null", False),
        (
            {"a": INTEGER | {"config": {"meta": {"data_class": "personal"}}}},
            {"a": INTEGER | {"config": {"meta": {"data_class": "public"}}}},
            "data class changed",
            False,
        ),
    ],
)
def test_each_change_of_a_column_is_told(before: dict, after: dict, what: str, is_breaking: bool):
    [change] = contract_changes(manifest(mart(**before)), manifest(mart(**after)))
    assert (change.mart, change.column, change.what) == ("sales", "a", what)
    assert change.is_breaking is is_breaking


def test_a_type_written_otherwise_is_the_same_type():
    before = manifest(mart(a={"data_type": "numeric(20, 2)"}))
    assert contract_changes(before, manifest(mart(a={"data_type": "NUMERIC(20,2)"}))) == []


def test_a_column_with_the_same_value_under_another_name_is_renamed():
    [change] = contract_changes(
        manifest(mart(old=INTEGER)), manifest(mart(new=INTEGER)), {"sales": {"old": "new"}}
    )
    assert (change.what, change.old, change.new) == ("column renamed", "old", "new")
    assert change.is_breaking


def test_a_mart_that_is_gone_or_counts_otherwise_breaks():
    gone = contract_changes(manifest(mart()), manifest())
    assert [(change.what, change.is_breaking) for change in gone] == [("mart removed", True)]
    [grain] = contract_changes(manifest(mart()), manifest(mart(grain=["id", "day"])))
    assert (grain.what, grain.old, grain.new) == ("grain changed", "id", "id, day")
    assert grain.is_breaking


def test_models_are_told_by_what_changed_of_them():
    changed = mart(name="changed") | sql("select 2") | {"description": "More."}
    found = model_changes(
        Version(manifest(mart(name="changed"), mart(name="gone"), mart(name="same"))),
        Version(manifest(changed, mart(name="new"), mart(name="same"))),
    )
    assert [(one.name, one.kind, one.what) for one in found] == [
        ("new", "added", ()),
        ("changed", "changed", ("SQL", "documentation")),
        ("gone", "removed", ()),
    ]


BASE_LOG = "# Changelog\n\n- **BREAKING** `old_mart`: gone.\n- `sales`: faster.\n"


def test_only_a_new_entry_that_says_breaking_and_names_it_declares():
    head = (
        BASE_LOG + "- **BREAKING** `sales`: old: by day;\n  new: by month. Also\n  `churn_rate`.\n"
    )
    found = new_declarations(BASE_LOG, head)
    assert declares(found, "sales")
    assert declares(found, "churn_rate")
    assert not declares(found, "old_mart"), "declared long ago"
    assert not declares(found, "sale"), "part of a word"
    assert not declares(found, "churn"), "part of a word"
    assert not declares(found, "month"), "a word of the prose, not a name"


def test_an_entry_without_the_word_declares_nothing():
    assert new_declarations(BASE_LOG, BASE_LOG + "- `sales`: breaking, old, new.\n") == []


SCHEMA = {
    "w": {
        "s": {
            "t": {"id": "INT", "amount": "INT", "status": "TEXT"},
            "u": {"id": "INT", "name": "TEXT"},
        }
    }
}
QUERY = """
with t as (select * from w.s.t), u as (select * from w.s.u),
joined as (
    select t.id, t.amount, t.status, u.name from t left join u on t.id = u.id
)
select id, sum(amount) as total, max(name) as name from joined where status = 'x' group by id
"""


def digests(sql: str) -> dict[str, str]:
    query = read_columns(sql, SCHEMA)
    assert query is not None
    return {ROWS: query.rows.digest} | {n: c.digest for n, c in query.columns.items()}


def test_names_and_comments_inside_a_query_do_not_change_its_columns():
    assert digests(QUERY) == digests(QUERY.replace("joined", "both_of_them") + " -- a comment")


def test_another_expression_changes_its_own_column_alone():
    before, after = digests(QUERY), digests(QUERY.replace("sum(amount)", "sum(amount + 1)"))
    assert {name for name in before if before[name] != after[name]} == {"total"}


def test_another_filter_changes_the_rows_and_what_is_aggregated_over_them():
    before, after = digests(QUERY), digests(QUERY.replace("'x'", "'y'"))
    assert {name for name in before if before[name] != after[name]} == {ROWS, "total", "name"}


def test_columns_are_followed_through_joins_to_the_tables():
    query = read_columns(QUERY, SCHEMA)
    assert query is not None
    assert ("s.t", "amount") in query.columns["total"].reads
    assert ("s.u", "name") not in query.columns["total"].reads
    assert ("s.u", "name") in query.columns["name"].reads
    assert ("s.t", "status") in query.rows.reads
    assert ("s.u", ROWS) not in query.rows.reads, "a left join adds no rows"


def test_each_kpi_of_a_union_has_its_own_reads():
    query = read_columns(
        "select 'one' as kpi_code, amount as value from w.s.t"
        " union all select 'two' as kpi_code, id as value from w.s.t",
        SCHEMA,
    )
    assert query is not None
    assert ("s.t", "amount") in query.kpis["one"].reads
    assert ("s.t", "amount") not in query.kpis["two"].reads


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("name", {"name"}),
        ("upper(cast(name as text))", {"name"}),
        ("'Dear ' || name", {"name"}),
        ("concat(status, name)", {"status", "name"}),
        ("coalesce(status, name, 'none')", {"status", "name"}),
        ("case when status = 'x' then name end", {"name"}),
        ("if(status = 'x', name, 'none')", {"name"}),
        ("max(name)", {"name"}),
        ("arg_max(name, amount)", {"name"}),
        ("string_agg(name, ', ' order by status)", {"name"}),
        ("lag(name) over (partition by status order by amount)", {"name"}),
        ("first(name order by amount)", {"name"}),
        ("length(name)", set()),
        ("count(distinct name)", set()),
        ("amount + id", set()),
        ("name = status", set()),
    ],
)
def test_a_column_carries_what_it_shows_and_not_what_it_computes_with(expression, shown):
    query = read_columns(
        f"with joined as (select * from w.s.t left join w.s.u using (id))"
        f" select {expression} as shown from joined",
        SCHEMA,
    )
    assert query is not None
    assert {column for _, column in query.columns["shown"].carries} == shown


def test_a_query_that_cannot_be_read_is_none():
    assert read_columns("select from where (", SCHEMA) is None


NOTHING = Moves(
    base="abc",
    base_is="`main`",
    scale=0.05,
    rebuilt=0,
    total=100,
    models=[],
    tests=ChangedTests((), ()),
    contracts=[],
    marts=[],
    kpis=[],
    flips=[],
    causes=[],
    catalogue=[],
    impact=Impact(),
    owners={},
    kpi_names={},
    undeclared=[],
)


def kpi_moves(codes: int, months: int) -> list[KpiMove]:
    return [
        KpiMove(
            f"kpi_with_a_rather_long_name_{code:03}",
            "kpi_monthly",
            date(2020 + month // 12, month % 12 + 1, 1),
            Decimal("1234.50000000"),
            Decimal("1300.00000000"),
            "moved",
        )
        for code in range(codes)
        for month in range(months)
    ]


def test_a_change_that_moves_nothing_says_so():
    text = render(NOTHING)
    assert text.startswith(MARKER)
    assert "No difference." in text
    assert "###" not in text


def test_a_kpi_is_shown_with_period_old_new_and_difference():
    text = render(replace(NOTHING, kpis=kpi_moves(1, 1)))
    assert (
        "| `kpi_with_a_rather_long_name_000` | 2020-01 | 1,234.5 | 1,300 | +65.5 (+5.3%) |" in text
    )


def test_a_value_that_is_not_there_any_more_is_told_from_one_that_is_null():
    gone = KpiMove("a", "kpi_monthly", date(2026, 1, 1), Decimal(1), None, "disappeared")
    null = KpiMove("b", "kpi_monthly", date(2026, 1, 1), Decimal(1), None, "moved")
    text = render(replace(NOTHING, kpis=[gone, null]))
    assert "| `a` | 2026-01 | 1 | none | disappeared |" in text
    assert "| `b` | 2026-01 | 1 | none |  |" in text


def test_a_report_too_long_for_a_comment_is_cut_with_a_count():
    moves = replace(
        NOTHING,
        kpis=kpi_moves(200, 60),
        marts=[MartDifference(f"mart_{number}", 1, 2, 0, 1, 0) for number in range(900)],
    )
    text = render(moves)
    assert len(text) <= MAX_CHARACTERS
    assert "earlier months." in text
    assert "more." in text
    assert "2024-12" in text, "the latest month stays"


@pytest.mark.parametrize("moves", [None, render(NOTHING)])
def test_the_steps_that_refuse_a_change_stand_above_what_it_moves(moves: str | None):
    failures = {"unit tests": GateError("user_ltv: 31 is not 30"), "build": GateError("b" * 70_000)}
    report = render_failures(failures, moves)
    assert report.startswith(MARKER) and len(report) <= MAX_CHARACTERS
    assert report.count("## What this change moves") == 1
    assert "**The gate refuses it: `unit tests`, `build`.**" in report
    assert "user_ltv: 31 is not 30" in report
    assert ("nothing could be compared" in report) == (moves is None)
    assert ("No difference." in report) == (moves is not None)


def test_text_of_others_cannot_break_a_table():
    moved = MartDifference("m", 1, 1, 0, 0, 1, (("a", 1),), ("id=x|y\nz",))
    assert "id=x\\|y z" in render(replace(NOTHING, marts=[moved]))


def test_the_lines_to_add_name_what_they_declare():
    undeclared = [
        Undeclared("KPI", "churn_rate", ("3 values moved",)),
        Undeclared("KPI", "mau", ("3 values moved",)),
        Undeclared("mart", "sales", ("column a: column removed",)),
    ]
    lines = declaration_lines(undeclared)
    assert declares(new_declarations("", "\n".join(lines)), "churn_rate")
    assert all(declares(new_declarations("", "\n".join(lines)), one.name) for one in undeclared)


def test_each_rule_of_a_row_comes_and_goes_by_itself():
    def project(**arguments: object) -> dict:
        about = {"name": "row_rules", "kwargs": {"model": "m", **arguments}}
        node = {"resource_type": "test", "name": "row_rules_sales", "test_metadata": about}
        return {"nodes": {"test.finhouse.row_rules_sales": node}}

    same = {"ranges": {">= 0": ["amount"]}}
    base = project(
        key=["id"], accepted_values={"kind": ["a", "b"]}, rules={"net": "a <= b"}, **same
    )
    head = project(
        key=["id", "day"], accepted_values={"kind": ["a", 1]}, rules={"net": "a < b"}, **same
    )
    assert changed_tests(base, head) == ChangedTests(
        added=(
            "row_rules_sales ((id, day) is unique)",
            "row_rules_sales (day is not null)",
            "row_rules_sales (kind is one of a, 1)",
            "row_rules_sales (net: a < b)",
        ),
        removed=(
            "row_rules_sales (id is unique)",
            "row_rules_sales (kind is one of a, b)",
            "row_rules_sales (net: a <= b)",
        ),
    )
    assert changed_tests(base, base) == ChangedTests((), ())
