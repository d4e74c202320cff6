"""The house's rules that are judged on dbt's manifest."""

from __future__ import annotations

import pytest

from finhouse.gate.rules import house_findings

DOMAINS = {"shop": {"dated": [{"model": "stg_shop__orders", "date": "order_date"}]}}


def manifest(name: str, columns: dict[str, str], **meta: str) -> dict:
    """A project of one staging model with columns of these types."""
    node = {
        "name": name,
        "resource_type": "model",
        "fqn": ["finhouse", "staging", "shop", name],
        "original_file_path": f"models/staging/shop/{name}.sql",
        "config": {"meta": meta},
        "columns": {column: {"data_type": kind} for column, kind in columns.items()},
    }
    return {"nodes": {f"model.finhouse.{name}": node}, "macros": {}}


def test_a_model_with_dates_says_which_one_late_rows_count_on():
    columns = {"refund_id": "string", "refunded_at": "timestamp", "_loaded_at": "timestamp"}
    [finding] = house_findings(manifest("stg_shop__refunds", columns), [], set(), DOMAINS, DOMAINS)
    assert finding.rule == "dated tables"
    assert finding.place == "dbt_project/models/staging/shop/stg_shop__refunds.sql"
    assert "refunded_at" in finding.problem
    assert "_loaded_at" not in finding.problem
    assert "vars.domains.shop" in finding.remedy


@pytest.mark.parametrize(
    "name, columns, meta",
    [
        ("stg_shop__orders", {"order_date": "date"}, {}),
        ("stg_shop__refunds", {"refund_date": "date"}, {"undated": "no KPI reads refunds"}),
        ("stg_shop__colours", {"colour": "string", "_loaded_at": "timestamp"}, {}),
    ],
)
def test_a_model_is_dated_or_says_why_not_or_has_no_dates(name, columns, meta):
    assert house_findings(manifest(name, columns, **meta), [], set(), DOMAINS, DOMAINS) == []


@pytest.mark.parametrize(
    ("raw", "clock", "told"),
    [
        ("orders", {}, None),
        ("orders_order", {"table": "orders_order"}, None),
        ("orders_order", {}, "table: orders_order"),
        ("orders", {"table": "orders_order"}, "table: orders"),
    ],
)
def test_a_clock_names_the_raw_table_whose_loads_it_looks_for(raw, clock, told):
    project = manifest("stg_shop__orders", {"order_date": "date"})
    [node] = project["nodes"].values()
    node["depends_on"] = {"nodes": ["source.finhouse.shop.raw"]}
    project["sources"] = {"source.finhouse.shop.raw": {"source_name": "shop", "name": raw}}
    domains = {"shop": DOMAINS["shop"] | {"clock": [{"model": "stg_shop__orders"} | clock]}}
    found = house_findings(project, [], set(), domains, domains)
    assert [finding.rule for finding in found] == ["clocks"] * bool(told)
    assert all(told in finding.remedy for finding in found)


@pytest.mark.parametrize(("selected", "findings"), [({"shop", "bank"}, 1), ({"bank"}, 0)])
def test_only_a_domain_that_is_not_selected_may_be_disabled(selected, findings):
    project = manifest("stg_shop__orders", {"order_date": "date"})
    [(name, node)] = project["nodes"].items()
    disabled = {
        "nodes": {},
        "macros": {},
        "disabled": {name: [node | {"package_name": "finhouse"}]},
    }
    found = house_findings(disabled, [], set(), DOMAINS | {"bank": {"dated": []}}, selected)
    assert [finding.rule for finding in found] == ["nothing disabled"] * findings


def test_a_unit_test_whose_name_postgres_does_not_take_is_found():
    def project(name: str) -> dict:
        node = {"name": name, "original_file_path": "models/staging/shop/orders__unit_tests.yml"}
        return {"nodes": {}, "macros": {}, "unit_tests": {f"unit_test.shop.{name}": node}}

    assert house_findings(project("a" * 63), [], set(), DOMAINS, DOMAINS) == []
    [finding] = house_findings(project("a" * 64), [], set(), DOMAINS, DOMAINS)
    assert finding.rule == "names of unit tests" and "64 characters" in finding.problem
