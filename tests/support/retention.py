"""A shop whose customers are forgotten: an OLTP, a warehouse, policies and holds."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from finhouse.extract_load import LoadResult, Reconciliation, load_source, reconcile_source
from finhouse.publish import ensure_reporting_tables, publish
from finhouse.retention.purging import Purge, Purged
from finhouse.settings import Settings
from finhouse.warehouse import open_published, open_warehouse

AS_OF = date(2026, 7, 1)
# Twelve whole months before July 2026.
FIRST_DAY = date(2025, 7, 1)

# Customer 1 bought in the past only, 2 in the past and lately, 3 in the past and is on hold.
DDL = """
    create schema shop;
    create table shop.customers (
        id uuid primary key, born date, nickname text not null, updated_at timestamptz not null
    );
    create table shop.orders (
        id bigint primary key, customer_id uuid not null, amount numeric(15, 2), status text,
        ordered_at timestamptz
    );
    create table shop.clicks (
        id bigint primary key, order_id bigint, customer_id uuid, clicked_on date
    );
    create table shop.holds (
        id uuid primary key, subject_type text, subject_id text, placed_at timestamptz,
        released_at timestamptz
    );
    insert into shop.customers
    select ('00000000-0000-4000-9000-00000000000' || i)::uuid, date '1990-01-01' + i,
        'nick ' || i, timestamptz '2024-01-01'
    from generate_series(1, 3) i;
    insert into shop.orders
    select m * 10 + c, ('00000000-0000-4000-9000-00000000000' || c)::uuid, m * 1.01, 'NEW',
        timestamptz '2025-01-15 12:00+00' + m * interval '1 month'
    from generate_series(0, 17) m, generate_series(1, 3) c
    where c = 2 or m < 3;
    insert into shop.orders values (900, '00000000-0000-4000-9000-000000000002', 1, 'ODD', null);
    insert into shop.clicks
    select id, id, customer_id, ordered_at::date from shop.orders where ordered_at is not null;
    insert into shop.holds values
        (gen_random_uuid(), ' Customer ', '00000000-0000-4000-9000-000000000003', now(), null),
        (gen_random_uuid(), 'customer', '00000000-0000-4000-9000-000000000001', now(), now());
"""

SOURCE = """
kind: postgres
name: shop
schema: shop
person: customer
legal_holds: holds
tables:
  - name: customers
    mode: incremental
    key: [id]
    cursor: xmin
    reconcile_deletes: true
    personal_data: {born: mask, nickname: keep}
    subjects: {id: customer}
  - name: orders
ORDERS
    subjects: {id: order, customer_id: customer}
    references: [customers]
  - name: clicks
    mode: incremental
    key: [id]
    cursor: xmin
    event_time: clicked_on
    reconcile_deletes: true
    subjects: {order_id: order, customer_id: customer}
  - name: holds
    mode: full
    key: [id]
"""
INCREMENTAL = """\
    mode: incremental
    key: [id]
    cursor: xmin
    event_time: ordered_at
    reconcile_deletes: true"""
MODES = {
    "incremental": INCREMENTAL,
    "by column": INCREMENTAL.replace("xmin", "ordered_at\n    lookback: 900 days"),
    "by slot": INCREMENTAL.replace("xmin", "replication_slot"),
    "append": "    mode: append\n    key: [id]\n    cursor: xmin\n    event_time: ordered_at",
    "full": "    mode: full\n    key: [id]",
    "full without key": "    mode: full",
}

HEADER = "source_name,table_name,date_column,keep_months,action,legal_basis,review_date"
POLICIES = f"""{HEADER}
shop,customers,updated_at,12,anonymise,Test,2027-01-01
shop,orders,ordered_at,12,anonymise,Test,2027-01-01
shop,clicks,clicked_on,12,delete,Test,2027-01-01
"""


# A mart about persons, and one that is not.
MARTS = {
    "buyers": "customer_id text",
    "sales": "month_start date, amount numeric(20, 2)",
    "kpi_monthly": "kpi_code text, month_start date, numerator numeric(26, 8),"
    " denominator numeric(26, 8), value numeric(26, 8), is_complete_period boolean",
    "kpi_daily": "kpi_code text, date_day date, numerator numeric(26, 8),"
    " denominator numeric(26, 8), value numeric(26, 8), is_complete_period boolean",
    "kpi_restatements": "kpi_code text, period_grain text, period_start date,"
    " cause_kind text, cause_batches text, restated_at timestamp, change_number bigint",
}


@dataclass
class ForgetfulShop:
    """The warehouse is opened for each step alone, as commands do."""

    oltp_url: str
    settings: Settings
    definitions: Path
    policies: Path

    def sql(self, statement: str) -> None:
        """Change the OLTP, committed."""
        with psycopg.connect(self.oltp_url, autocommit=True) as connection:
            connection.execute(statement)

    def load(self, **options: object) -> list[LoadResult]:
        with open_warehouse(self.settings) as warehouse:
            ensure_reporting_tables(self.settings, warehouse)
            return load_source(
                self.settings,
                "shop",
                oltp_url=self.oltp_url,
                warehouse=warehouse,
                definitions=self.definitions,
                **options,
            )

    def reconcile(self, *, heal: bool = False) -> list[Reconciliation]:
        with open_warehouse(self.settings) as warehouse:
            return reconcile_source(
                self.settings,
                "shop",
                oltp_url=self.oltp_url,
                warehouse=warehouse,
                definitions=self.definitions,
                heal=heal,
                range_rows=5,
            )

    def purge(self, as_of: date | None = AS_OF) -> Purge:
        return Purge(
            self.settings,
            as_of=as_of,
            policies=self.policies,
            definitions=self.definitions,
            oltp_url=self.oltp_url,
        )

    def rows(self, query: str) -> list[tuple]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.execute(query)

    def execute(self, *statements: str) -> None:
        """Change the warehouse behind everybody's back."""
        with open_warehouse(self.settings) as warehouse:
            for statement in statements:
                warehouse.execute(statement)

    def raw(self) -> dict[str, list[tuple]]:
        """All that raw holds of the source, without the loader's own columns."""
        columns = {
            "customers": "id, born, nickname, updated_at",
            "orders": "id, customer_id, amount, status, ordered_at",
            "clicks": "id, order_id, customer_id, clicked_on",
        }
        return {
            table: self.rows(f"select {listed} from raw_shop.{table} order by 1")
            for table, listed in columns.items()
        }

    def killed_in(self, owner: str, function: str, moment: str) -> None:
        """Purge in a process that dies (kill -9) before or after one of its functions.

        Args:
            owner: where the function is, as ``finhouse.retention.purging`` or a class of a module.
            moment: ``before`` or ``after``.
        """
        module, _, name = owner.partition(":")
        program = textwrap.dedent(f"""
            import os, signal
            from datetime import date
            from pathlib import Path
            from finhouse.settings import Settings
            from finhouse.retention.purging import Purge
            import {module} as module
            owner = getattr(module, {name!r}) if {name!r} else module
            original = getattr(owner, {function!r})
            def dying(*arguments, **named):
                if {moment!r} == "after":
                    original(*arguments, **named)
                os.kill(os.getpid(), signal.SIGKILL)
            setattr(owner, {function!r}, dying)
            settings = Settings(Path({str(self.settings.home)!r}),
                                Path({str(self.settings.landing)!r}), {self.settings.target!r},
                                None, {self.settings.warehouse_url!r})
            Purge(settings, as_of=date({AS_OF.year}, {AS_OF.month}, {AS_OF.day}),
                  policies=Path({str(self.policies)!r}),
                  definitions=Path({str(self.definitions)!r}), oltp_url={self.oltp_url!r}).apply()
        """)
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert result.returncode == -9, result.stderr


def by_table(results: list[Purged]) -> dict[str, tuple[int, int, int]]:
    """Table -> due, held, purged."""
    return {result.table_name: (result.due, result.held, result.purged) for result in results}


def build_and_publish(shop: ForgetfulShop) -> None:
    """As a build would: marts of what raw holds, and a manifest that says which are personal."""
    output = shop.settings.dbt_output
    output.mkdir(parents=True, exist_ok=True)
    nodes = {
        name: {
            "name": name,
            "resource_type": "model",
            "fqn": ["finhouse", "marts", name],
            "config": {"meta": {"data_class": "personal" if name == "buyers" else "internal"}},
            "columns": {
                column.split()[0]: {"name": column.split()[0]}
                for column in columns.replace("26, 8", "26 8").replace("20, 2", "20 2").split(", ")
            },
        }
        for name, columns in MARTS.items()
    }
    (output / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    with open_warehouse(shop.settings) as warehouse:
        warehouse.create_schema("marts")
        for mart, columns in MARTS.items():
            warehouse.execute(f"create table if not exists marts.{mart} ({columns})")
        warehouse.execute(
            "insert into marts.buyers select cast(customer_id as text) from raw_shop.orders"
        )
        warehouse.execute("insert into marts.sales values (date '2025-01-01', 5)")
        publish(shop.settings, warehouse)


def read(shop: ForgetfulShop, mart: str) -> int:
    with open_published(shop.settings) as published:
        return published.count(f"published.{mart}")
