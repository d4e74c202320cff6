"""Which source columns a mart is made of, and how: on a project of three models."""

from __future__ import annotations

from typing import Any

from finhouse.dbt.column_lineage import ROW, VALUE, Origin, inventory, origins
from finhouse.dbt.inheritance import Inheritance
from finhouse.dbt.queries import CALENDAR, Queries
from finhouse.sources import PostgresDefinition
from tests.support.lineage import compiled, model, source

STAGING = """
select id as order_id, customer, total as amount, lower(state) as status, placed_at, spare
from "w"."raw_shop"."orders"
"""
PERIODS = 'select max(opened) as as_of_date from "w"."raw_bank"."accounts"'
PAID = """
with orders as (select * from "w"."staging"."stg_shop__orders" where status = 'paid'),
periods as (select * from "w"."intermediate"."int_domain_periods")
select orders.placed_at, sum(orders.amount) as paid_amount, count(*) as order_count,
    max(periods.as_of_date) as as_of_date
from orders
inner join periods on orders.placed_at <= periods.as_of_date
group by orders.placed_at
"""
SOURCE = PostgresDefinition.model_validate(
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
                    "1b payment": ["total", "state"],
                    "2 identity": ["customer"],
                    "3 technical": ["id", "placed_at", "spare"],
                },
            }
        ],
    }
)
COLUMNS = {
    "raw_shop.orders": ["id", "customer", "total", "state", "placed_at", "spare", "_batch_id"]
}


def manifest() -> dict[str, Any]:
    orders, accounts = source("shop", "orders"), source("bank", "accounts")
    staged = model("stg_shop__orders", "staging", STAGING, orders)
    periods = model(CALENDAR, "intermediate", PERIODS, accounts)
    paid = model("orders_daily", "marts", PAID, staged, periods, owner="Finance")
    return compiled(orders, accounts, staged, periods, paid, shown=[paid])


def test_a_value_and_what_decides_rows_are_told_apart():
    path = "stg_shop__orders > orders_daily"
    found = {one[1:] for one in origins(Queries(manifest()))}
    assert found == {
        ("placed_at", "shop", "orders", "placed_at", VALUE, path),
        ("paid_amount", "shop", "orders", "total", VALUE, path),
        ("*", "shop", "orders", "state", ROW, path),
        ("*", "shop", "orders", "placed_at", ROW, path),
        ("*", "shop", "orders", "*", ROW, path),
    }


def test_a_column_of_nobody_has_no_lineage():
    told = list(origins(Queries(manifest())))
    assert all(isinstance(one, Origin) for one in told)
    assert not [one for one in told if one.source_column == "spare" or one.source_name == "bank"]


def test_the_inventory_tells_what_is_done_about_a_column_and_who_sees_it():
    found = manifest()
    inherited = Inheritance(found, [SOURCE], COLUMNS)
    told = {
        (one.layer, one.column): (one.level, one.masking, one.owner, one.reaches_dashboard)
        for one in inventory(found, inherited, [SOURCE], COLUMNS)
    }
    assert told["source", "phone"] == ("1a", "omit", None, False)
    assert told["source", "total"] == ("1b", "keep", None, True)
    assert told["source", "spare"] == ("3", "keep", None, False)
    assert told["source", "_batch_id"] == ("3", "keep", None, False)
    assert told["staging", "amount"] == ("1b", None, None, True)
    assert told["staging", "status"] == ("1b", None, None, False)
    assert told["marts", "paid_amount"] == ("3", None, "Finance", True)
