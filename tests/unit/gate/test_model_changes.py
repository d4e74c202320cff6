"""What of a change must be built, and what it is that changed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from finhouse.gate.model_changes import (
    Version,
    model_changes,
    recompiled,
    to_build,
    to_try_without_rows,
)

RATE = "macro.finhouse.rate"
ROUNDED = "macro.finhouse.rounded"
SALES = "model.finhouse.sales"
COUNTRIES = "seed.finhouse.countries"
HISTORY = "snapshot.finhouse.sales_history"
KEY = "test.finhouse.unique_sales_id"
EXAMPLE = "unit_test.finhouse.sales.adds_up"


def node(kind: str, name: str, sql: str = "", **about: Any) -> dict[str, Any]:
    return {
        "resource_type": kind,
        "name": name,
        "fqn": ["finhouse", "marts", name],
        "raw_code": sql,
        "compiled_code": sql,
        "checksum": {"checksum": sql},
        "config": {"materialized": "table"},
        "columns": {},
        "description": "",
        "depends_on": {"macros": []},
        **about,
    }


def project() -> dict[str, Any]:
    metadata = {"name": "unique", "kwargs": {"column_name": "id", "model": "sales"}}
    return {
        "nodes": {
            SALES: node(
                "model",
                "sales",
                "select {{ rate() }} as a",
                compiled_code="select 0.1 as a",
                depends_on={"macros": [RATE]},
                columns={"a": {"description": "A.", "data_type": "numeric", "constraints": []}},
            ),
            COUNTRIES: node("seed", "countries", "ZA,1"),
            HISTORY: node("snapshot", "sales_history", "select * from sales"),
            KEY: node("test", "unique_sales_id", test_metadata=metadata),
        },
        "macros": {
            RATE: {
                "name": "rate",
                "macro_sql": "{{ rounded(var('fee')) }}",
                "depends_on": {"macros": [ROUNDED]},
            },
            ROUNDED: {"name": "rounded", "macro_sql": "r", "depends_on": {"macros": []}},
        },
        "unit_tests": {EXAMPLE: {"name": "adds_up", "model": "sales", "given": [], "expect": 1}},
    }


BASE = Version(project(), {"fee": 0.1, "other": 1})


def changed(place: str, about: dict[str, Any], group: str = "nodes") -> Version:
    """The base with other entries at one node, macro or unit test."""
    manifest = deepcopy(project())
    manifest[group][place] |= about
    return Version(manifest, BASE.variables)


def test_nothing_is_built_where_nothing_differs():
    assert to_build(BASE, Version(project(), dict(BASE.variables))) == ()


@pytest.mark.parametrize(
    "head",
    [
        changed(
            SALES, {"raw_code": "-- why\nselect {{ rate() }} as a", "checksum": {"checksum": 2}}
        ),
        changed(SALES, {"compiled_code": "select 0.1 as a -- note"}),
        changed(RATE, {"macro_sql": "{# why #}{{ rounded(var('fee')) }}"}, "macros"),
        changed(SALES, {"description": "One row per sale."}),
        changed(SALES, {"config": {"materialized": "table", "meta": {"owner": "Finance"}}}),
        changed(SALES, {"config": {"materialized": "table", "tags": ["new"]}}),
        changed(
            SALES,
            {"columns": {"a": {"description": "B.", "data_type": "numeric", "constraints": []}}},
        ),
    ],
)
def test_prose_is_not_built(head: Version):
    assert to_build(BASE, head) == ()


@pytest.mark.parametrize(
    ("head", "built"),
    [
        (changed(SALES, {"raw_code": "select 2 as a", "compiled_code": "select 2 as a"}), "sales+"),
        (changed(SALES, {"raw_code": "select 'a  b' as a"}), "sales+"),
        (changed(SALES, {"compiled_code": "select 0.2 as a"}), "sales+"),
        (changed(SALES, {"config": {"materialized": "view"}}), "sales+"),
        (
            changed(
                SALES,
                {"columns": {"a": {"description": "A.", "data_type": "text", "constraints": []}}},
            ),
            "sales+",
        ),
        (changed(COUNTRIES, {"checksum": {"checksum": "ZA,2"}}), "countries+"),
        (changed(HISTORY, {"raw_code": "select 1"}), "sales_history+"),
        (changed(KEY, {"config": {"severity": "warn"}}), "unique_sales_id"),
        (changed(KEY, {"test_metadata": {"name": "unique"}}), "unique_sales_id"),
        (changed(EXAMPLE, {"expect": 2}, "unit_tests"), "adds_up"),
    ],
)
def test_all_else_is_built(head: Version, built: str):
    assert to_build(BASE, head) == (built,)


@pytest.mark.parametrize("place", [SALES, COUNTRIES, HISTORY, KEY])
def test_what_is_new_is_built(place: str):
    before = deepcopy(project())
    name = before["nodes"].pop(place)["name"]
    found = to_build(Version(before, BASE.variables), BASE)
    assert found == ((name,) if place == KEY else (f"{name}+",))


def test_a_test_that_calls_a_changed_macro_or_variable_runs_again():
    about = {"depends_on": {"macros": [RATE]}}
    base = changed(KEY, about)
    head = changed(KEY, about)
    head.manifest["macros"][ROUNDED]["macro_sql"] = "another"
    assert to_build(base, head) == ("unique_sales_id",)
    assert to_build(base, Version(base.manifest, {"fee": 0.2, "other": 1})) == ("unique_sales_id",)
    assert to_build(base, Version(base.manifest, {"fee": 0.1, "other": 2})) == ()


@pytest.mark.parametrize(
    ("selection", "tried"),
    [
        (("sales+",), ("adds_up_by_country", "sales")),
        (("countries+",), ("adds_up_by_country", "countries")),
        (("unique_sales_id",), ("unique_sales_id",)),
        ((), ()),
    ],
)
def test_without_rows_what_differs_is_tried_and_not_what_reads_it(
    selection: tuple[str, ...], tried: tuple[str, ...]
):
    head = project()
    rows = [{"input": "ref('sales')"}, {"input": 'ref( "countries" )'}, {"input": "this"}]
    head["unit_tests"]["another"] = {"name": "adds_up_by_country", "given": rows}
    assert to_try_without_rows(selection, head) == tried


def test_the_variable_and_the_macro_behind_another_statement_are_named():
    head = changed(SALES, {"compiled_code": "select 0.2 as a"})
    by_variable = Version(head.manifest, {"fee": 0.2, "other": 1})
    [change] = model_changes(BASE, by_variable)
    assert change.what == change.causes == ("variable fee (0.1 → 0.2)",)
    assert recompiled(BASE.manifest, by_variable.manifest) == ["sales"]

    head.manifest["macros"][ROUNDED]["macro_sql"] = "another"
    [change] = model_changes(BASE, head)
    assert change.causes == ("macro rounded",), "the macro that changed, not the one that calls it"


def test_a_comment_is_told_as_a_comment():
    about = {"raw_code": "-- why\nselect {{ rate() }} as a", "checksum": {"checksum": 2}}
    [change] = model_changes(BASE, changed(SALES, about))
    assert change.what == ("comments",)
