"""Raw tables that nobody has loaded: what the staging models tell of them is enough to build."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.dbt.manifest import models_of, read_manifest
from finhouse.errors import GateError
from finhouse.gate.empty_sources import create_missing_sources
from finhouse.settings import Settings
from finhouse.warehouse import open_warehouse
from tests.support.house import House

pytestmark = pytest.mark.full


@pytest.fixture
def nowhere(tmp_path: Path) -> Settings:
    """A house without a warehouse."""
    return Settings(home=tmp_path, landing=tmp_path)


def test_every_source_of_the_project_can_be_created_from_its_staging_models(
    company: House, nowhere: Settings
):
    manifest = read_manifest(company.settings())
    made = create_missing_sources(nowhere, manifest)
    assert len(made) == len(manifest["sources"])
    with open_warehouse(nowhere) as warehouse:
        for model in models_of(manifest, "staging"):
            columns = {name for name, *_ in warehouse.execute(f"describe {model['compiled_code']}")}
            assert columns == set(model["columns"]), model["name"]
    assert create_missing_sources(nowhere, manifest) == []


@pytest.mark.parametrize(
    ("select", "columns", "kinds"),
    [
        ("a", {"a": "date"}, {"a": "DATE"}),
        ("cast(a as integer) as b", {"b": "integer"}, {"a": "VARCHAR"}),
        ("a at time zone 'UTC' as b", {"b": "timestamp"}, {"a": "TIMESTAMP WITH TIME ZONE"}),
        ("a + 1 as b, a", {"b": "bigint", "a": "bigint"}, {"a": "BIGINT"}),
        ("not a as b", {"b": "boolean"}, {}),
        ("date_diff('day', a, b) as days", {"days": "bigint"}, {}),
        ('"Order No" as order_number', {"order_number": "string"}, {"Order No": "VARCHAR"}),
    ],
)
def test_a_column_gets_a_type_that_its_use_allows(
    nowhere: Settings, select: str, columns: dict[str, str], kinds: dict[str, str]
):
    assert create_missing_sources(nowhere, project(select, columns)) == ["raw_shop.orders"]
    with open_warehouse(nowhere) as warehouse:
        held = warehouse.columns("raw_shop", "orders")
        assert held | kinds == held
        assert warehouse.execute(reading(select)) == []


def test_columns_that_cannot_be_told_are_an_error(nowhere: Settings):
    with pytest.raises(GateError, match=r"no table raw_shop\.orders"):
        create_missing_sources(nowhere, project("no_such_function(a) as b", {"b": "integer"}))
    with open_warehouse(nowhere) as warehouse:
        assert not warehouse.table_exists("raw_shop", "orders")


def reading(select: str) -> str:
    return (
        "with source as (select * from raw_shop.orders),"
        f" renamed as (select {select}, _loaded_at from source where kept is not null),"
        " final as (select * from renamed) select * from final"
    )


def project(select: str, columns: dict[str, str]) -> dict:
    source = {"schema": "raw_shop", "identifier": "orders"}
    model = {
        "resource_type": "model",
        "name": "stg_shop__orders",
        "fqn": ["finhouse", "staging", "shop", "stg_shop__orders"],
        "compiled_code": reading(select),
        "columns": {name: {"data_type": kind} for name, kind in columns.items()},
        "depends_on": {"nodes": ["source.finhouse.shop.orders"]},
    }
    return {
        "sources": {"source.finhouse.shop.orders": source},
        "nodes": {"model.finhouse.stg_shop__orders": model},
    }
