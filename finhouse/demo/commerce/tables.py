"""The distributor's tables in the OLTP database."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finhouse.demo.clock import DAY, period_of
from finhouse.demo.commerce.vocabulary import (
    BRANDS,
    CHARGES,
    GOODS,
    GROUPS,
    INTERNAL,
    LINE_TYPE_TEXTS,
    NEVER,
    OFFICES,
    OPENED,
)
from finhouse.demo.declarations import Catalogue, Rows, Table
from finhouse.demo.marks import MASKED_WORD, email, name
from finhouse.demo.tables import Columns, dates, labels, money, nullable

_OFFICE_NAMES = tuple(office[0] for office in OFFICES)
_GROUP_NAMES = tuple(group[0] for group in GROUPS)
_TYPE_TEXTS = tuple(text for text, _, _ in LINE_TYPE_TEXTS)
_TRADES = ("Stores", "Traders", "Supermarket", "Hotel", "Kitchen", "Tuck Shop", "Cash and Carry")
_FAMILIES = ("Dlamini", "Naidoo", "Botha", "Mokoena", "Pillay", "van Wyk", "Khumalo", "Jacobs")


def _office(rows: Rows) -> Columns:
    founded = rows.times(np.zeros(len(rows), dtype=np.int64))
    return {
        "sales_office_name": pa.array(_OFFICE_NAMES),
        "region": pa.array([office[1] for office in OFFICES]),
        "opened_on": dates(OPENED),
        "created_at": founded,
        "updated_at": founded,
    }


def _customer(rows: Rows) -> Columns:
    created = rows.times(rows["created"])
    names = [
        f"{_FAMILIES[row % len(_FAMILIES)]} {_TRADES[row // 3 % len(_TRADES)]} {row}"
        for row in rows.number.tolist()
    ]
    return {
        "customer_number": _customer_numbers(rows.number),
        "customer_name": pa.array(names, pa.string()),
        "email": pa.array([f"orders@c{row}.example" for row in rows.number], pa.string()),
        "customer_group": labels(_GROUP_NAMES, rows["group"]),
        "sales_office_name": labels(_OFFICE_NAMES, rows["office"]),
        "is_internal": pa.array(rows["group"] == INTERNAL),
        "created_at": created,
        "updated_at": created,
    }


def _material(rows: Rows) -> Columns:
    return {
        "material_number": _material_numbers(rows.number),
        "description": pa.array([_description(row) for row in rows.number.tolist()], pa.string()),
        "is_merchandise": pa.array(rows["is_goods"]),
        "lead_time_days": pa.array(rows["lead"]),
        "review_period_days": pa.array(rows["review"]),
        "ordering_cost": money(rows["ordering"]),
        "storage_cost_pct": _fractions(rows["storage"]),
        "service_level_pct": _fractions(rows["service"]),
        "min_order_cases": pa.array(rows["minimum"]),
        "shortage_cost": money(rows["shortage"]),
        "obsolete_after_days": pa.array(rows["obsolete"]),
        "created_at": rows.times(rows["launched"].astype(np.int64) * DAY),
    }


def _material_state(rows: Rows) -> Columns:
    return {
        "unit_cost": money(rows["cost"]),
        "unit_price": money(rows["price"]),
        "updated_at": rows.times(rows["updated"]),
    }


def _line(rows: Rows) -> Columns:
    customer = rows["customer"]
    return {
        "order_number": _numbers("SO", 8, rows["order"]),
        "line": pa.array(rows["number"]),
        "line_type": labels(_TYPE_TEXTS, rows["text"]),
        "reverses_line": rows.optional_ids("commerce_line", rows["reverses"]),
        "customer": nullable(_customer_numbers(np.maximum(customer, 0)), customer >= 0),
        "material_number": _material_numbers(rows["material"]),
        "sales_office_name": labels(_OFFICE_NAMES, rows["office"]),
        "posting_date": dates(rows["posted"]),
        "ordered_cases": pa.array(rows["ordered"]),
        "inv_quantity_cases": pa.array(rows["shipped"]),
        "total_cogs": money(rows["cogs"]),
        "created_at": rows.times(rows["created"]),
    }


def _line_state(rows: Rows) -> Columns:
    return {
        "net_sales": money(rows["sales"]),
        "gross_margin": money(rows["sales"] - rows["cogs"]),
        "updated_at": rows.times(rows["updated"]),
    }


def _purchase(rows: Rows) -> Columns:
    return {
        "purchase_order_number": _numbers("PO", 7, rows.number),
        **_where(rows),
        "ordered_on": dates(rows["ordered"]),
        "quantity": pa.array(rows["quantity"]),
        "unit_cost": money(rows["cost"]),
        "created_at": rows.times(rows["created"]),
    }


def _purchase_state(rows: Rows) -> Columns:
    received = rows["received"]
    is_here = received < NEVER
    return {
        "received_on": nullable(dates(np.where(is_here, received, 0)), is_here),
        "updated_at": rows.times(rows["updated"]),
    }


def _level(rows: Rows) -> Columns:
    return {
        "day": dates(rows["day"]),
        **_where(rows),
        "created_at": rows.times(rows["created"]),
    }


def _level_state(rows: Rows) -> Columns:
    return {
        "on_hand_units": pa.array(rows["on_hand"]),
        "updated_at": rows.times(rows["updated"]),
    }


def _count(rows: Rows) -> Columns:
    created = rows.times(rows["created"])
    return {
        "counted_on": dates(rows["period"]),
        **_where(rows),
        "counted_units": pa.array(rows["counted"]),
        "system_units": pa.array(rows["system"]),
        "created_at": created,
        "updated_at": created,
    }


def _where(rows: Rows) -> Columns:
    """Material and office of rows that are about a pair."""
    pair = rows.company.stock.take(rows["pair"])
    return {
        "material_number": _material_numbers(pair["material"]),
        "sales_office_name": labels(_OFFICE_NAMES, pair["office"]),
    }


def _numbers(prefix: str, width: int, rows: np.ndarray) -> pa.Array:
    """Row numbers as a business writes them: 17 -> 'PO0000017'."""
    digits = pc.utf8_lpad(pc.cast(pa.array(rows), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _customer_numbers(rows: np.ndarray) -> pa.Array:
    return _numbers("C", 6, rows)


def _material_numbers(rows: np.ndarray) -> pa.Array:
    is_charge = rows < len(CHARGES)
    charges = labels(tuple(charge[0] for charge in CHARGES), np.where(is_charge, rows, 0))
    return pc.if_else(pa.array(is_charge), charges, _numbers("M", 5, rows))


def _description(row: int) -> str:
    if row < len(CHARGES):
        return CHARGES[row][1]
    return f"{BRANDS[row % len(BRANDS)]} {GOODS[row // 2 % len(GOODS)]}, case {row}"


def _fractions(ten_thousandths: np.ndarray) -> pa.Array:
    return pa.array([f"{value / 10_000:.4f}" for value in ten_thousandths.tolist()], pa.string())


TABLES = (
    Catalogue(
        name="sales_offices", entity="commerce_sales_office", size=len(OFFICES), columns=_office
    ),
    Table(
        name="customers",
        entity="commerce_customer",
        ledger="customers",
        columns=_customer,
        born=lambda company: period_of(company.customers["created"]),
        deleted="deleted",
        marks={"customer_name": name(MASKED_WORD, after=" Traders"), "email": email},
    ),
    Table(
        name="materials",
        entity="commerce_material",
        ledger="materials",
        columns=_material,
        state=_material_state,
        born="launched",
        changed="changed",
    ),
    Table(
        name="sales_order_lines",
        entity="commerce_line",
        ledger="lines",
        columns=_line,
        state=_line_state,
        born="visible",
        changed="changed",
        deleted="deleted",
    ),
    Table(
        name="purchase_orders",
        entity="commerce_purchase_order",
        ledger="purchases",
        columns=_purchase,
        state=_purchase_state,
        born="ordered",
        changed="received",
    ),
    Table(
        name="stock_levels",
        entity="commerce_stock_level",
        ledger="levels",
        columns=_level,
        state=_level_state,
        born="visible",
        changed="changed",
    ),
    Table(
        name="stock_counts",
        entity="commerce_stock_count",
        ledger="counts",
        columns=_count,
    ),
)
