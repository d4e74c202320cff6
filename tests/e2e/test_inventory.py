"""Stock: answers of textbooks and of a car maker's parts, through the models themselves."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from finhouse.demo.tables import SCHEMAS
from finhouse.oltp import oltp_url
from tests.support.house import TARGETS, House

pytestmark = pytest.mark.full

LAST_DAY = date(2024, 6, 30)
# A hundred days of 20 above and below 100, and one of 100: mean 100, deviation (n - 1) 20.
JOINT = [120, 80] * 50 + [100]
BASE_STOCK = [58, 42] * 50 + [50]
# In 73 days a fifth of the 1300 of a year.
LOT = [260] + [0] * 72
MATERIALS = {
    "eoq_1": {"unit_cost": 1, "storage_cost_pct": 0.225, "ordering_cost": 8},
    "base_stock_1": {"review_period_days": 1, "service_level_pct": 0.70 / (0.70 + 0.18)},
    "base_stock_2": {
        "lead_time_days": 4,
        "review_period_days": 1,
        "service_level_pct": 0.70 / (0.70 + 0.18),
    },
    "joint_safety_stock": {"lead_time_days": 10, "service_level_pct": 0.95},
}
DEMAND = {
    "eoq_1": LOT,
    "base_stock_1": BASE_STOCK,
    "base_stock_2": BASE_STOCK,
    "joint_safety_stock": JOINT,
}
# Deviation (n - 1) 2.
LEAD_TIMES = [8, 12, 8, 12, 10]
ANSWERS = {
    ("eoq_1", "economic order quantity"): "select economic_order_quantity "
    "from marts.stox_lot_size where material_number = 'eoq_1'",
    ("eoq_1", "annual ordering and holding cost"): "select annual_ordering_cost "
    "+ annual_holding_cost from marts.stox_lot_size where material_number = 'eoq_1'",
    ("eoq_1", "orders a year"): "select order_frequency_annual "
    "from marts.stox_lot_size where material_number = 'eoq_1'",
    ("base_stock_1", "order-up-to level (normal demand)"): "select reorder_point "
    "from marts.stox_reorder_point where material_number = 'base_stock_1'",
    ("base_stock_2", "safety stock with lead time 4 and review period 1"): "select "
    "safety_stock_units from marts.stox_safety_stock where material_number = 'base_stock_2'",
    (
        "joint_safety_stock",
        "safety stock with variable demand and lead time",
    ): "select safety_stock_units from marts.stox_safety_stock "
    "where material_number = 'joint_safety_stock'",
}


def fill(url: str) -> None:
    """Put the examples into an OLTP that has nothing else."""
    with psycopg.connect(url) as connection:
        connection.execute((SCHEMAS / "commerce.sql").read_text())
        connection.execute("set time zone 'Africa/Johannesburg'")
        connection.execute(
            "insert into commerce.sales_offices (sales_office_name, region, opened_on) "
            "values ('Durban', 'KwaZulu-Natal', '2020-01-01')"
        )
        for material, master in MATERIALS.items():
            master = {"unit_cost": 1, "unit_price": 1} | master
            connection.execute(
                f"insert into commerce.materials (material_number, description, "
                f"{', '.join(master)}) values (%s, 'example', "
                f"{', '.join(['%s'] * len(master))})",
                (material, *master.values()),
            )
        for material, units in DEMAND.items():
            first = LAST_DAY - timedelta(days=len(units) - 1)
            for number, quantity in enumerate(units):
                day = first + timedelta(days=number)
                if quantity:
                    connection.execute(
                        "insert into commerce.sales_order_lines (order_number, line, "
                        "material_number, sales_office_name, posting_date, ordered_cases, "
                        "inv_quantity_cases, net_sales, total_cogs, gross_margin, created_at) "
                        "values (%s, 1, %s, 'Durban', %s, %s, %s, 0, 0, 0, %s)",
                        (
                            f"{material[:13]}-{number}",
                            material,
                            day,
                            quantity,
                            quantity,
                            f"{day} 12:00",
                        ),
                    )
        for number, days in enumerate(LEAD_TIMES):
            connection.execute(
                "insert into commerce.purchase_orders (purchase_order_number, material_number, "
                "sales_office_name, ordered_on, received_on, quantity, unit_cost) "
                "values (%s, 'joint_safety_stock', 'Durban', %s, %s, 1, 1)",
                (str(number), LAST_DAY - timedelta(days=days), LAST_DAY),
            )


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("examples"), domains="commerce,inventory")
    fill(oltp_url(house.settings()))
    house.succeed("load")
    house.succeed(
        *("dbt", "run", "--select"),
        *("+stox_lot_size", "+stox_safety_stock", "+stox_reorder_point"),
    )
    yield house
    house.server.stop()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def shown(house: House, target: str, sql: str) -> dict:
    """The one row of a query in which macros are written."""
    printed = house.succeed(
        *("--target", target, "dbt", "--quiet", "show", "--inline", sql, "--output", "json")
    )
    return json.loads(printed[printed.index("{") :])["show"][0]


@pytest.mark.parametrize(("case", "what"), ANSWERS)
def test_textbook_answers(examples: House, real_data: Path, case: str, what: str):
    [expected] = [
        row["answer"]
        for row in read(real_data / "reference" / "textbook_answers.csv")
        if (row["case"], row["what"]) == (case, what)
    ]
    [(got,)] = examples.rows(ANSWERS[case, what])
    assert float(got) == pytest.approx(float(expected), abs=5e-8)


@pytest.mark.parametrize("target", TARGETS)
def test_normal_quantiles(examples: House, real_data: Path, target: str):
    cases = " union all ".join(
        f"select {row['cycle_service_level']}e0 as level, {row['z']}e0 as z"
        for row in read(real_data / "reference" / "normal_quantiles.csv")
    )
    row = shown(
        examples,
        target,
        "select count(*) as level_count, max(abs({{ normal_quantile('level') }} - z)) as "
        f"largest_error from ({cases}) as cases",
    )
    assert row["level_count"] == 10
    assert float(row["largest_error"]) < 1e-14


@pytest.mark.parametrize("target", TARGETS)
def test_demand_classes_of_a_car_makers_parts(examples: House, real_data: Path, target: str):
    parts = read(real_data / "inventory" / "auto_demand_classes.csv")
    examples.execute_warehouse("create schema if not exists parts", target)
    examples.execute_warehouse("drop table if exists parts.auto", target)
    examples.execute_warehouse(
        "create table parts.auto as select adi, cv2, class from (values "
        + ", ".join(
            f"({row['adi']}e0, {row['cv2_sample'] or 'null'}, '{row['class_sbc'].lower()}')"
            for row in parts
        )
        + ") as rows (adi, cv2, class)",
        target,
    )
    row = shown(
        examples,
        target,
        "select count(*) as part_count, sum(case when {{ demand_pattern('adi', 'cv2') }} = class "
        "then 1 else 0 end) as equal_count from parts.auto",
    )
    assert row["part_count"] == len(parts) == 3000
    assert float(row["equal_count"]) == 3000
