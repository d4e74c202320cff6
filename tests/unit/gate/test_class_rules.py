"""What the gate says of data classes: of marts that declare too little, of columns without one."""

from __future__ import annotations

import pytest

from finhouse.dbt.inheritance import Inheritance
from finhouse.gate.rules import (
    Finding,
    house_findings,
    marts_below_their_class,
    unclassified_columns,
)
from finhouse.sources import PostgresDefinition
from tests.support.lineage import compiled, model, source

SOURCE = PostgresDefinition.model_validate(
    {
        "kind": "postgres",
        "name": "shop",
        "schema": "shop",
        "tables": [
            {
                "name": "orders",
                "mode": "full",
                "personal_data": {"phone": "mask"},
                "classes": {
                    "1a contact": ["phone"],
                    "1b payment": ["total"],
                    "2 business": ["merchant_id"],
                    "3 business": ["channel"],
                    "3 technical": ["id", "placed_at"],
                },
            }
        ],
    }
)
COLUMNS = {"raw_shop.orders": ["id", "phone", "total", "merchant_id", "channel", "placed_at"]}


def findings(
    shown: str, mart_class: str, own: str | None = None, data_type: str = "string"
) -> list[Finding]:
    orders = source("shop", "orders")
    columns = {"id": {}, "x": {"data_class": own} if own else {}}
    mart = model(
        "fct_orders",
        "marts",
        f'select id, {shown} as x from "w"."raw_shop"."orders"',
        orders,
        columns=columns,
        data_class=mart_class,
    )
    mart["columns"]["x"]["data_type"] = data_type
    manifest = compiled(orders, mart)
    return marts_below_their_class(manifest, Inheritance(manifest, [SOURCE], COLUMNS))


@pytest.mark.parametrize(
    ("shown", "enough"),
    [
        ("phone", "personal"),
        ("left(phone, 4)", "personal"),
        ("total", "confidential"),
        ("merchant_id", "confidential"),
        # No reader sees less than what is internal.
        ("channel", "public"),
        ("placed_at", "public"),
    ],
)
def test_a_column_declares_at_least_what_it_shows(shown: str, enough: str):
    classes = ["public", "internal", "confidential", "personal"]
    for declared in classes:
        found = findings(shown, "internal", own=declared)
        assert bool(found) == (classes.index(declared) < classes.index(enough)), declared
        for finding in found:
            assert finding.rule == "data class"
            assert finding.problem.startswith("fct_orders.x inherits ")
            assert finding.problem.endswith(f"is declared {declared}")
            assert f"data_class: {enough}" in finding.remedy


def test_what_says_who_somebody_is_cannot_be_declared_less_beside_its_mart():
    assert findings("phone", "personal", own="internal")
    assert not findings("phone", "internal", own="personal")
    assert findings("total", "personal", own="internal")


@pytest.mark.parametrize(
    ("mart_class", "data_type", "is_enough"),
    [
        ("confidential", "numeric(20, 2)", True),
        # The class of a mart is that of its amounts: texts and dates are open to more readers.
        ("confidential", "string", False),
        ("confidential", "date", False),
        ("personal", "date", True),
    ],
)
def test_a_column_without_a_class_of_its_own_is_held_to_what_readers_see(
    mart_class: str, data_type: str, is_enough: bool
):
    assert bool(findings("total", mart_class, data_type=data_type)) != is_enough


def test_a_column_without_a_class_is_told():
    held = {"raw_shop.orders": [*COLUMNS["raw_shop.orders"], "shoe_size", "_batch_id"]}
    [finding] = unclassified_columns(held, [SOURCE])
    assert finding.place == "finhouse/sources/shop.yml"
    assert "orders.shoe_size has no class" in finding.problem
    assert "classes of orders" in finding.remedy
    assert not unclassified_columns(COLUMNS, [SOURCE])


def generalised(data_type: str, generalise: object) -> list[Finding]:
    """What is said of a column that is shown so to whoever may not see it."""
    column = {"data_type": data_type, "config": {"meta": {"generalise": generalise}}}
    mart = {
        "name": "dim_customers",
        "unique_id": "model.finhouse.dim_customers",
        "resource_type": "model",
        "fqn": ["finhouse", "marts", "shop", "dim_customers"],
        "original_file_path": "models/marts/shop/dim_customers.sql",
        "depends_on": {"nodes": []},
        "config": {"meta": {"data_class": "personal"}},
        "columns": {"customer_id": {"data_type": "string"}, "signup_date": column},
    }
    manifest = {"nodes": {mart["unique_id"]: mart}, "macros": {}}
    found = house_findings(manifest, [], set(), {}, set())
    return [finding for finding in found if "signup_date" in finding.problem]


@pytest.mark.parametrize("data_type", ["date", "timestamp"])
@pytest.mark.parametrize("generalise", ["month", "year", None])
def test_a_date_may_be_shown_by_its_month_or_year(data_type: str, generalise: str | None):
    assert generalised(data_type, generalise) == []


@pytest.mark.parametrize(
    ("data_type", "generalise"),
    [("date", "week"), ("date", "Month"), ("date", 7), ("date", ""), ("string", "month")],
)
def test_what_would_be_null_all_the_same_is_found(data_type: str, generalise: object):
    [finding] = generalised(data_type, generalise)
    assert finding.rule == "data class"
    assert finding.place == "dbt_project/models/marts/shop/dim_customers.sql"
    assert f"of type {data_type} has generalise {generalise!r}" in finding.problem
    assert "month, year, on a date or a timestamp" in finding.remedy
