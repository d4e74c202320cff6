"""From a KPI back to its source columns, on a project of four models."""

from __future__ import annotations

from typing import Any

import pytest

from finhouse.dbt.kpi_lineage import KpiLineages, Origin
from finhouse.dbt.queries import CALENDAR
from finhouse.errors import TransformError

STAGING = """
with source as (select * from "w"."raw_shop"."orders"),
renamed as (select cast(id as text) as order_id, total as amount, lower(state) as status,
    placed_at, _batch_id from source),
final as (select *, cast(placed_at as date) as order_date from renamed)
select * from final
"""
PERIODS = 'select min(opened) as first_date from "w"."raw_bank"."accounts"'
METRICS = """
with orders as (select * from "w"."staging"."stg_shop__orders" where status = 'paid'),
periods as (select * from "w"."intermediate"."int_domain_periods")
select orders.order_date as month_start, sum(orders.amount) as paid_amount,
    count(distinct orders.order_id) as order_count,
    sum(orders.amount * rates.rate) as usd_amount
from orders
inner join periods on orders.order_date >= periods.first_date
left join "w"."raw_seeds"."rates" as rates on rates.day = orders.order_date
group by orders.order_date
"""
KPIS = """
with metrics as (select * from "w"."intermediate"."int_shop_metrics"),
final as (
    select 'paid' as kpi_code, month_start as period_start, paid_amount as numerator from metrics
    union all
    select 'paid_usd' as kpi_code, month_start, usd_amount from metrics
)
select * from final
"""


def model(
    name: str, layer: str, sql: str | None, parents: list[str], kpis: tuple[str, ...] = ()
) -> tuple[str, dict[str, Any]]:
    unique_id = f"model.finhouse.{name}"
    return unique_id, {
        "unique_id": unique_id,
        "resource_type": "model",
        "name": name,
        "alias": name,
        "database": "w",
        "schema": layer,
        "fqn": ["finhouse", layer, name],
        "compiled_code": sql,
        "depends_on": {"nodes": parents},
        "columns": {},
        "config": {"meta": {"kpis": [{"code": code} for code in kpis]}},
    }


def source(schema: str, source_name: str, name: str) -> tuple[str, dict[str, Any]]:
    unique_id = f"source.finhouse.{source_name}.{name}"
    return unique_id, {
        "unique_id": unique_id,
        "resource_type": "source",
        "source_name": source_name,
        "name": name,
        "identifier": name,
        "database": "w",
        "schema": schema,
        "columns": {},
    }


def manifest(engine: str = "duckdb", staging: str | None = STAGING) -> dict[str, Any]:
    seed = {
        "unique_id": "seed.finhouse.rates",
        "resource_type": "seed",
        "name": "rates",
        "alias": "rates",
        "database": "w",
        "schema": "raw_seeds",
        "columns": {},
    }
    orders, accounts = source("raw_shop", "shop", "orders"), source("raw_bank", "bank", "accounts")
    staged = model("stg_shop__orders", "staging", staging, [orders[0]])
    periods = model(CALENDAR, "intermediate", PERIODS, [accounts[0]])
    metrics = model(
        "int_shop_metrics", "intermediate", METRICS, [staged[0], periods[0], seed["unique_id"]]
    )
    kpis = model("int_shop_kpis_monthly", "intermediate", KPIS, [metrics[0]], ("paid", "paid_usd"))
    return {
        "metadata": {"adapter_type": engine, "generated_at": "2026-07-01T00:00:00Z"},
        "nodes": dict([staged, periods, metrics, kpis, (seed["unique_id"], seed)]),
        "sources": dict([orders, accounts]),
    }


@pytest.mark.parametrize("engine", ["duckdb", "postgres", "spark", "snowflake"])
def test_a_kpi_is_followed_back_to_the_columns_of_its_sources(engine: str):
    found = manifest(engine)
    if engine == "spark":
        for node in found["nodes"].values():
            node["compiled_code"] = (node.get("compiled_code") or "").replace('"', "`")
    lineage = KpiLineages(found).of("paid")
    assert lineage and lineage.computed_by == ("int_shop_kpis_monthly",)
    # Not `id`, which no part of the sum reads; but what the rows are chosen by.
    assert lineage.origins == (
        Origin("source", "raw_shop", "shop.orders", ("placed_at", "state", "total")),
    )
    assert [step.name for step in lineage.models] == [
        "stg_shop__orders",
        "int_domain_periods",
        "int_shop_metrics",
    ]


def test_the_way_back_ends_at_the_calendar_and_at_seeds():
    lineage = KpiLineages(manifest()).of("paid_usd")
    assert lineage
    assert [(origin.kind, origin.name, origin.columns) for origin in lineage.origins] == [
        ("source", "shop.orders", ("placed_at", "state", "total")),
        ("seed", "rates", ("day", "rate")),
    ]


def test_a_kpi_of_no_registry_has_none():
    assert KpiLineages(manifest()).of("mau") is None


@pytest.mark.parametrize(
    ("sql", "said"), [(None, "without compiling"), ("select from where (", "cannot be followed")]
)
def test_a_model_that_cannot_be_read_is_named(sql: str | None, said: str):
    with pytest.raises(TransformError, match=f"stg_shop__orders.*{said}|{said}.*") as error:
        KpiLineages(manifest(staging=sql)).of("paid")
    assert "stg_shop__orders" in error.value.message
