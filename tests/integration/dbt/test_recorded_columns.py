"""Lineage and classes of a build are kept, and read anew when something differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from finhouse.dbt import column_lineage
from finhouse.dbt.column_lineage import create_tables, record_columns
from finhouse.errors import TransformError
from finhouse.settings import Settings
from finhouse.sources import PostgresDefinition
from finhouse.warehouse import Warehouse, open_warehouse
from tests.support.lineage import compiled, model, source

RAW = '"w"."raw_shop"."orders"'
LINEAGE = (
    "select mart_column, source_column, lineage_kind, lineage_path"
    " from raw_operations.column_lineage order by 1, 2"
)
CLASSES = (
    "select layer, column_name, class_level, class_category, masking, owner, reaches_dashboard"
    " from raw_operations.column_classes order by layer desc, column_name"
)


def shop(level: str = "1b payment") -> PostgresDefinition:
    return PostgresDefinition.model_validate(
        {
            "kind": "postgres",
            "name": "shop",
            "schema": "shop",
            "tables": [
                {
                    "name": "orders",
                    "mode": "full",
                    "personal_data": {"phone": "omit"},
                    "classes": {
                        "1a contact": ["phone"],
                        level: ["total"],
                        "3 technical": ["id", "placed_at"],
                    },
                }
            ],
        }
    )


def manifest(shown: str = "total", began: str = "2026-07-01 09:00:00") -> dict[str, Any]:
    orders = source("shop", "orders")
    sql = f"select id, {shown} as x from {RAW} where placed_at < timestamp '{began}'"
    mart = model("fct_orders", "marts", sql, orders, owner="Finance", data_class="confidential")
    return compiled(orders, mart, shown=[mart])


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(settings) as opened:
        opened.create_schema("raw_operations")
        opened.create_schema("raw_shop")
        opened.create_table(
            "raw_shop", "orders", {"id": "text", "total": "numeric(9, 2)", "placed_at": "timestamp"}
        )
        create_tables(opened)
        yield opened


def test_what_a_build_is_made_of_is_kept(warehouse: Warehouse):
    assert record_columns(manifest(), warehouse, [shop()])
    assert set(warehouse.execute(LINEAGE)) == {
        ("*", "*", "row", "fct_orders"),
        ("*", "placed_at", "row", "fct_orders"),
        ("id", "id", "value", "fct_orders"),
        ("x", "total", "value", "fct_orders"),
    }
    assert warehouse.execute(CLASSES) == [
        ("source", "id", "3", "technical", "keep", None, True),
        ("source", "phone", "1a", "contact", "omit", None, False),
        ("source", "placed_at", "3", "technical", "keep", None, False),
        ("source", "total", "1b", "payment", "keep", None, True),
        ("marts", "id", "3", "technical", None, "Finance", True),
        ("marts", "x", "1b", "payment", None, "Finance", True),
    ]


def test_a_build_of_the_same_is_not_read_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    assert record_columns(manifest(), warehouse, [shop()])
    with monkeypatch.context() as patch:
        patch.delattr(column_lineage, "Inheritance")
        # When it began is no part of what it is made of.
        later = manifest(began="2026-07-02 10:30:00")
        assert not record_columns(later, warehouse, [shop()])
    assert record_columns(manifest("total * 2"), warehouse, [shop()])
    assert record_columns(manifest("total * 2"), warehouse, [shop("2 business")])
    assert ("marts", "x", "2", "business", None, "Finance", True) in warehouse.execute(CLASSES)
    warehouse.execute("alter table raw_shop.orders add column channel text")
    assert record_columns(manifest("total * 2"), warehouse, [shop("2 business")])
    assert ("source", "channel", None, None, "keep", None, False) in warehouse.execute(CLASSES)


def test_a_build_that_failed_leaves_what_is_kept(warehouse: Warehouse):
    record_columns(manifest(), warehouse, [shop()])
    before = warehouse.execute(LINEAGE), warehouse.execute(CLASSES)
    failed = manifest()
    failed["nodes"]["model.finhouse.fct_orders"]["compiled_code"] = None
    with pytest.raises(TransformError, match="fct_orders"):
        record_columns(failed, warehouse, [shop()])
    assert (warehouse.execute(LINEAGE), warehouse.execute(CLASSES)) == before


def test_more_rows_than_one_statement_takes_are_kept(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(column_lineage, "_CHUNK", 2)
    record_columns(manifest(), warehouse, [shop()])
    assert (len(warehouse.execute(LINEAGE)), len(warehouse.execute(CLASSES))) == (4, 6)
