"""`finhouse new source` and `new table` on a database that was not made for finhouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import yaml

from finhouse.errors import ConfigurationError, SchemaDriftError, SourceError
from finhouse.extract_load import load_source
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.sources import plan_source
from finhouse.settings import Settings
from finhouse.sources import read_source
from finhouse.sources.definitions import PostgresDefinition
from finhouse.warehouse import Warehouse, open_warehouse
from tests.integration.scaffold.conftest import SCHEMA, Copy

STAGING = "dbt_project/models/staging/trading"
ROWS = {
    "customers": ("Customers", 20),
    "employees": ("Employees", 4),
    "teams": ("teams", 2),
    "orders": ("Orders", 50),
    "order_details": ("Order Details", 150),
    "payments": ("payments", 120),
    "audit_notes": ("audit_notes", 7),
    "devices": ("devices", 3),
}


def planned(copy: Copy) -> Plan:
    plan = Plan(copy.root)
    plan_source(plan, "trading", copy.oltp_url, SCHEMA)
    return plan


def test_a_source_in_a_database_of_its_own_names_its_variable(copy: Copy) -> None:
    arguments = ("source", "trading", "--from-database", SCHEMA, "--url-env", "TRADING_URL")
    # The OLTP database is another one, which has no such schema.
    elsewhere = {"OLTP_URL": copy.oltp_url.rpartition("/")[0] + "/postgres"}
    copy.succeed("new", *arguments, environment=elsewhere | {"TRADING_URL": copy.oltp_url})
    source = read_source("trading", copy.root / "finhouse" / "sources")
    assert isinstance(source, PostgresDefinition)
    assert (source.url_variable, source.database_schema) == ("TRADING_URL", SCHEMA)
    refused = copy.run("new", "table", "anything", "--source", "trading", environment=elsewhere)
    assert refused.returncode == 2 and "TRADING_URL, which is not set" in refused.stdout


def test_a_source_may_take_some_tables_of_a_schema(copy: Copy) -> None:
    arguments = ("source", "trading", "--from-database", SCHEMA, "--tables", "Orders, payments")
    printed = copy.succeed("new", *arguments)
    assert "orders refers to Sales Data.Customers, which this source does not load" in printed
    source = read_source("trading", copy.root / "finhouse" / "sources")
    assert [table.name for table in source.tables] == ["orders", "payments"]
    models = (copy.root / STAGING).glob("stg_*.sql")
    assert {path.stem for path in models} == {"stg_trading__orders", "stg_trading__payments"}


def test_source_file_says_how_each_table_is_loaded(copy: Copy) -> None:
    plan = planned(copy)
    plan.write()
    source = read_source("trading", copy.root / "finhouse" / "sources")
    assert isinstance(source, PostgresDefinition)
    assert source.database_schema == SCHEMA
    tables = {table.name: table for table in source.tables}
    assert {name: table.name_in_source for name, table in tables.items()} == {
        name: identifier for name, (identifier, _) in ROWS.items()
    }
    assert {name: table.mode for name, table in tables.items()} == {
        "customers": "full",
        "employees": "incremental",
        "teams": "full",
        "orders": "incremental",
        "order_details": "full",
        "payments": "incremental",
        "audit_notes": "full",
        "devices": "full",
    }
    assert tables["orders"].key == ("OrderID",)
    assert tables["order_details"].key == ("OrderID", "Line")
    assert tables["devices"].key == ("serial",), "a unique key without NULLs serves"
    assert tables["audit_notes"].key == ()
    assert (tables["orders"].cursor, tables["orders"].event_time) == ("xmin", "OrderDate")
    assert tables["payments"].event_time == "created_at"
    assert all(table.reconcile_deletes == (table.mode != "full") for table in source.tables)
    assert tables["order_details"].references == ("orders",)
    assert tables["orders"].references == ("customers", "employees")
    assert tables["customers"].omitted == {"ContactName", "Address", "Phone"}
    assert tables["customers"].masked == {"City", "PostalCode"}
    assert tables["employees"].omitted == {"LastName", "Photo"}
    assert tables["employees"].masked == {"BirthDate"}
    assert tables["devices"].omitted == {"ip", "national_id", "iban"}
    assert tables["devices"].masked == {"geo", "date_of_birth"}
    assert tables["audit_notes"].omitted == {"password_hash"}


def test_a_circle_of_references_is_broken_and_said(pristine: Copy) -> None:
    plan = planned(pristine)
    assert [remark for remark in plan.remarks if "circle" in remark] == [
        "references go in a circle (employees -> teams -> employees): teams does not name employees"
    ]


def test_columns_are_named_and_cast_as_the_house_does(pristine: Copy) -> None:
    plan = planned(pristine)
    orders = plan.new[f"{STAGING}/stg_trading__orders.sql"]
    assert "cast({{ source_column('OrderID') }} as {{ dbt.type_string() }}) as order_id" in orders
    assert "{{ to_utc(source_column('OrderDate')) }} as order_at" in orders
    assert "{{ source_column('ShippedDate') }} as shipped_date" in orders
    assert "{{ source_column('Is Gift') }} as is_gift" in orders
    assert "as {{ type_double() }}) as freight" in orders
    customers = plan.new[f"{STAGING}/stg_trading__customers.sql"]
    assert "{{ source_column('Active') }} as is_active" in customers
    assert not re.search("contact|address|phone", customers)
    payments = plan.new[f"{STAGING}/stg_trading__payments.sql"]
    for name in ("tags", "detail", "span"):
        assert f"cast({name} as {{{{ dbt.type_string() }}}}) as {name}" in payments
    assert "cast(id as {{ dbt.type_string() }}) as payment_id" in payments
    assert "cast(amount as numeric(10, 2)) as payment_amount" in payments
    assert "{{ source_column('user') }} as payment_user" in payments


def test_yaml_tells_what_the_catalogue_tells(pristine: Copy) -> None:
    plan = planned(pristine)

    def model(table: str) -> dict:
        [found] = yaml.safe_load(plan.new[f"{STAGING}/stg_trading__{table}.yml"])["models"]
        return found

    def columns(table: str) -> dict[str, dict]:
        return {column["name"]: column for column in model(table)["columns"]}

    customers, orders = columns("customers"), columns("orders")
    assert customers["company_name"]["description"] == "Name of the firm: as it signs, # included."
    [rules] = [test["row_rules"] for test in model("orders")["data_tests"]]
    assert rules["arguments"]["key"] == ["order_id"]
    states = ["new", "shipped", "On Hold", "no"]
    assert rules["arguments"]["accepted_values"] == {"order_state": states}
    to_customers = {"to": "ref('stg_trading__customers')", "field": "customer_id"}
    assert orders["customer_id"]["data_tests"] == [{"relationships": {"arguments": to_customers}}]
    sources = yaml.safe_load(plan.new[f"{STAGING}/_trading__sources.yml"])["sources"][0]
    assert sources["description"].startswith("Orders of the trading company")
    assert "{{" not in sources["description"], "a comment is no template"
    described = {table["name"]: table["description"] for table in sources["tables"]}
    assert described == dict.fromkeys(ROWS, "") | {"customers": "One row per customer."}


@pytest.mark.full
def test_source_loads_and_builds_as_it_is_written(copy: Copy) -> None:
    """What the gate says of it is tried with a whole domain, which has a source like this one."""
    printed = copy.succeed("new", "source", "trading", "--from-database", SCHEMA)
    for expected in (
        "finhouse/sources/trading.yml",
        "audit_notes has no primary key and no unique key without NULLs",
        "customers.Phone: omit, to be confirmed",
        "employees.BirthDate: mask, to be confirmed",
        "descriptions of order_state, ship_name",
        "discount: numeric became numeric(26, 8): is that enough?",
        "local_at: timestamp without time zone: is it in UTC?",
        "Next: finhouse load trading",
    ):
        assert expected in printed
    assert "payments_2025" not in printed

    copy.succeed("load", "trading")
    copy.succeed("dbt", "build", "--select", "staging.trading")
    with open_warehouse(copy.settings) as warehouse:
        found = {
            name: warehouse.execute(f"select count(*) from staging.stg_trading__{name}")[0][0]
            for name in ROWS
        }
        states = warehouse.execute(
            "select distinct order_state from staging.stg_trading__orders order by 1"
        )
    assert found == {name: rows for name, (_, rows) in ROWS.items()}
    assert states == [("On Hold",), ("new",), ("no",), ("shipped",)]


def test_table_is_added_to_a_source(copy: Copy) -> None:
    planned(copy).write()
    with psycopg.connect(copy.oltp_url, autocommit=True) as connection:
        connection.execute(
            'create table "Sales Data"."Order Refunds" (id int primary key, "OrderID" int not null'
            ' references "Sales Data"."Orders", refunded_at timestamptz, email text)'
        )
    printed = copy.succeed("new", "table", "Order Refunds", "--source", "trading")
    assert "order_refunds.email: omit, to be confirmed" in printed
    assert "Next: finhouse load trading order_refunds" in printed
    source = read_source("trading", copy.root / "finhouse" / "sources")
    assert isinstance(source, PostgresDefinition)
    added = source.tables[-1]
    assert (added.name, added.name_in_source) == ("order_refunds", "Order Refunds")
    assert (added.mode, added.references) == ("incremental", ("orders",))
    model = yaml.safe_load(copy.text(f"{STAGING}/stg_trading__order_refunds.yml"))["models"][0]
    [order_id] = [column for column in model["columns"] if column["name"] == "order_id"]
    arguments = {"to": "ref('stg_trading__orders')", "field": "order_id"}
    assert order_id["data_tests"] == [{"relationships": {"arguments": arguments}}]
    declared = yaml.safe_load(copy.text(f"{STAGING}/_trading__sources.yml"))["sources"][0]["tables"]
    assert declared[-1]["name"] == "order_refunds"
    again = copy.fail("new", "table", "Order Refunds", "--source", "trading")
    assert "has table 'Order Refunds' already" in again


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("source", "Trading", "--from-database", SCHEMA), "'Trading' is no name for a source"),
        (("source", "2nd", "--from-database", SCHEMA), "words joined by underscores: n2nd"),
        (("source", "wallet", "--from-database", SCHEMA), "wallet.yml exists already"),
        (("source", "trading", "--from-database", "nowhere"), "has no schema 'nowhere'"),
        (("source", "trading", "--from-database", "public"), "schema 'public' of"),
        (
            ("source", "trading", "--from-database", SCHEMA, "--tables", "payments,nothing"),
            "has no table 'nothing'",
        ),
        (("source", "trading"), "nothing says what trading is loaded from"),
        (("table", "orders", "--source", "nowhere"), "there is no source 'nowhere'"),
        (("table", "orders", "--source", "merchant_activity"), "reads files"),
    ],
)
def test_bad_input_is_named_with_its_remedy(
    pristine: Copy, arguments: tuple[str, ...], told: str
) -> None:
    message = pristine.fail("new", *arguments)
    assert told in message
    assert "Remedy:" in message


def test_no_file_is_overwritten(copy: Copy) -> None:
    taken = copy.root / STAGING / "stg_trading__orders.yml"
    taken.parent.mkdir()
    taken.write_text("version: 2\n")
    message = copy.fail("new", "source", "trading", "--from-database", SCHEMA)
    assert f"{STAGING}/stg_trading__orders.yml exists already" in message


def test_unreachable_database_is_named(pristine: Copy) -> None:
    with pytest.raises(SourceError, match="cannot be reached"):
        plan_source(Plan(pristine.root), "trading", "postgresql://a@127.0.0.1:1/b", SCHEMA)


def test_table_that_is_not_there_is_named(copy: Copy) -> None:
    planned(copy).write()
    assert "has no table 'Nothing'" in copy.fail("new", "table", "Nothing", "--source", "trading")


def test_plan_refuses_the_same_file_twice(pristine: Copy) -> None:
    plan = Plan(pristine.root)
    plan.create("a.yml", "")
    with pytest.raises(ConfigurationError, match=r"a\.yml exists already"):
        plan.create("a.yml", "")


def test_quoted_table_is_loaded_under_its_name(
    settings: Settings, warehouse: Warehouse, oltp_url: str, declare: Callable[[str, str], Path]
) -> None:
    """On both engines: the source's name is read, raw and all messages have ours."""
    with psycopg.connect(oltp_url, autocommit=True) as connection:
        connection.execute('create schema "My Shop"')
        connection.execute(
            'create table "My Shop"."Order Lines" ("Line ID" int primary key, n int)'
        )
        connection.execute('insert into "My Shop"."Order Lines" values (1, 10), (2, 20)')
    definitions = declare(
        "shop",
        "kind: postgres\nname: shop\nschema: My Shop\ntables:\n  - name: order_lines\n"
        "    identifier: Order Lines\n    mode: incremental\n    key: [Line ID]\n"
        "    cursor: xmin\n    reconcile_deletes: true\n",
    )

    def load() -> None:
        load_source(
            settings, "shop", oltp_url=oltp_url, warehouse=warehouse, definitions=definitions
        )

    load()
    with psycopg.connect(oltp_url, autocommit=True) as connection:
        connection.execute('update "My Shop"."Order Lines" set n = 21 where "Line ID" = 2')
        connection.execute('delete from "My Shop"."Order Lines" where "Line ID" = 1')
    load()
    assert warehouse.execute('select "Line ID", n from raw_shop.order_lines') == [(2, 21)]
    with psycopg.connect(oltp_url, autocommit=True) as connection:
        connection.execute('alter table "My Shop"."Order Lines" drop column n')
    with pytest.raises(SchemaDriftError) as drift:
        load()
    assert '"My Shop"."Order Lines": column \'n\'' in str(drift.value)
    assert "(tables: order_lines)" in str(drift.value)
