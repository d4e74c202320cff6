"""Put Online Retail, the order lines of a British wholesaler from December 2010, into the OLTP.

| Online Retail | OLTP of schema commerce | how |
|---|---|---|
| Country | sales_offices | the warehouse of each country |
| CustomerID | customers | lines without one have no customer |
| StockCode | materials | DOT and POST, postage, are no goods; no costs are known |
| line | sales_order_lines | a line of a ``C...`` invoice is a CANCELLATION, each other a SALE |

The file moves stock by lines at a price of 0: found, damaged, given away. Nothing was ordered with
them. Times are local: by them an invoice comes before its cancellation of the same day.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa

from finhouse.demo.tables import SCHEMAS, Tables
from finhouse.errors import SourceError

IDENTITY = 2010  # seed of the identifiers
POSTAGE = ("DOT", "POST")
# For the material master, which the file lacks: as the reference figures assume.
LEAD_TIME_DAYS, SERVICE_LEVEL = 14, "0.95"

Line = dict[str, str]


def load_online_retail(url: str, folder: Path) -> int:
    """Fill the schema commerce of an OLTP with the lines of Online Retail; return the rows written.

    Args:
        url: the OLTP database; the schema is created if it is not there.
        folder: the CSV files, with header, in the order of their names.

    Raises:
        SourceError: there is no file.
    """
    lines = read_lines(folder)
    with psycopg.connect(url) as connection:
        tables = Tables(connection, "commerce", IDENTITY, timedelta(0))
        connection.execute("set time zone 'Europe/London'")
        if not connection.execute("select to_regnamespace('commerce')").fetchone()[0]:
            connection.execute((SCHEMAS / "commerce.sql").read_text())
        written = _load_masters(tables, lines)
        return written + _load_lines(tables, lines)


def read_lines(folder: Path) -> list[Line]:
    """The lines of all files, in their order; every cell as it is written."""
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise SourceError(
            f"no CSV file in {folder}",
            "set FINHOUSE_REAL_DATA to the folder that holds online_retail/",
        )
    lines: list[Line] = []
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            lines += csv.DictReader(file)
    return lines


def _customer(line: Line) -> str | None:
    """The number alone: the file has it as a decimal."""
    return line["CustomerID"].partition(".")[0] or None


def _text(values: Sequence[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def _load_masters(tables: Tables, lines: list[Line]) -> int:
    first = lines[0]["InvoiceDate"]
    offices = sorted({line["Country"] for line in lines})
    customers = sorted({customer for line in lines if (customer := _customer(line))})
    described = {line["StockCode"]: line["Description"] for line in lines}
    materials = sorted(described)

    def recorded(count: int) -> dict[str, pa.Array]:
        return {"created_at": _text([first] * count), "updated_at": _text([first] * count)}

    written = tables.copy(
        "sales_offices",
        {
            "id": tables.ids("sales_office", np.arange(len(offices))),
            "sales_office_name": _text(offices),
            "region": _text(offices),
            "opened_on": _text([first[:10]] * len(offices)),
            **recorded(len(offices)),
        },
    )
    written += tables.copy(
        "customers",
        {
            "id": tables.ids("customer", np.arange(len(customers))),
            "customer_number": _text(customers),
            "customer_name": _text(customers),
            "customer_group": _text(["wholesale"] * len(customers)),
            **recorded(len(customers)),
        },
    )
    return written + tables.copy(
        "materials",
        {
            "id": tables.ids("material", np.arange(len(materials))),
            "material_number": _text(materials),
            "description": _text([described[code] for code in materials]),
            "is_merchandise": pa.array([code not in POSTAGE for code in materials]),
            "unit_cost": _text(["0"] * len(materials)),
            "unit_price": _text(["0"] * len(materials)),
            "lead_time_days": pa.array([LEAD_TIME_DAYS] * len(materials)),
            "service_level_pct": _text([SERVICE_LEVEL] * len(materials)),
            **recorded(len(materials)),
        },
    )


def _load_lines(tables: Tables, lines: list[Line]) -> int:
    numbers: Counter[str] = Counter()
    line_numbers = []
    for line in lines:
        numbers[line["InvoiceNo"]] += 1
        line_numbers.append(numbers[line["InvoiceNo"]])
    types = ["CANCELLATION" if line["InvoiceNo"].startswith("C") else "SALE" for line in lines]
    is_order = [Decimal(line["UnitPrice"]) != 0 for line in lines]
    quantities = [line["Quantity"] for line in lines]
    amounts = [str(Decimal(line["Quantity"]) * Decimal(line["UnitPrice"])) for line in lines]
    moments = _text([line["InvoiceDate"] for line in lines])
    return tables.copy(
        "sales_order_lines",
        {
            "id": tables.ids("line", np.arange(len(lines))),
            "order_number": _text([line["InvoiceNo"] for line in lines]),
            "line": pa.array(line_numbers),
            "line_type": _text(types),
            "customer": _text([_customer(line) for line in lines]),
            "material_number": _text([line["StockCode"] for line in lines]),
            "sales_office_name": _text([line["Country"] for line in lines]),
            "posting_date": _text([line["InvoiceDate"][:10] for line in lines]),
            "ordered_cases": _text(
                [many if counts else "0" for many, counts in zip(quantities, is_order, strict=True)]
            ),
            "inv_quantity_cases": _text(quantities),
            "net_sales": _text(amounts),
            "total_cogs": _text(["0"] * len(lines)),
            "gross_margin": _text(amounts),
            "created_at": moments,
            "updated_at": moments,
        },
    )
