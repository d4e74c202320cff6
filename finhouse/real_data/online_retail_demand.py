"""Online Retail: the demand of each material in the stox marts, beside the reference.

The reference cancels the k-th sale line of a customer, material and quantity by the k-th
cancellation of the same, if it is later. The models go further in two ways, so that their figures
differ where

- a cancellation comes before every order that it fits, as its own is from before the data: the
  reference lets it use up a place, and the order that is cancelled next keeps its demand;
- a cancellation of another quantity takes back a part of what was ordered earlier that day.

What the models must say there is counted here a second time, by a queue and not by windows. Postage
is no material to keep, so that the reference's rows of it have none here.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from finhouse.real_data.comparing import Comparison, compare, read_reference
from finhouse.real_data.online_retail import POSTAGE, Line, read_lines
from finhouse.warehouse import Warehouse

# The reference counts over all days of its files, whenever a material was first ordered.
DAYS = (date(2011, 2, 28) - date(2010, 12, 1)).days + 1
# One order, of 74,215 units, and sixteen minutes later its cancellation.
CANCELLED_WHOLE = "23166"
Demand = Mapping[str, Mapping[str, int]]


def inventory_figures(published: Warehouse, folder: Path, reference: Path) -> Iterable[Comparison]:
    """Units, days and deviation of demand, and safety stock, of each material of the reference."""
    expected = {
        row["material"]: row for row in read_reference(reference, "online_retail_demand.csv")
    }
    lines = read_lines(folder)
    by_pairs, by_queue = demand_by_pairs(lines), demand_by_queue(lines)
    told = {
        row["material"]: (float(row["ordered_units"]), int(row["days_with_demand"]))
        for row in expected.values()
    }
    yield _close(
        "online_retail_demand.csv, the rule it states",
        told,
        _told(by_pairs, expected),
        places=9,
    )
    goods = [material for material in expected if material not in POSTAGE]
    alike = [material for material in goods if by_pairs[material] == by_queue[material]]
    further = [material for material in goods if by_pairs[material] != by_queue[material]]
    ours = {
        material: (float(mean), float(deviation or 0), days, history, float(safety_stock))
        for material, mean, deviation, days, history, safety_stock in published.execute(
            "select material_number, avg_daily_demand, demand_std_dev, demand_days, history_days, "
            "safety_stock_units from published.stox_safety_stock"
        )
    }
    yield _close(
        "demand of materials that are netted as the reference does",
        {
            material: (
                float(expected[material]["ordered_units"]),
                int(expected[material]["days_with_demand"]),
                float(expected[material]["demand_std_dev"]),
            )
            for material in alike
        },
        {material: _over_all_days(*ours[material][:4]) for material in alike},
        places=5,
    )
    yield _close(
        "demand of materials that are netted further",
        {material: _statistics(by_queue[material]) for material in further},
        {material: _over_all_days(*ours[material][:4]) for material in further},
        places=5,
    )
    throughout = [material for material in alike if ours[material][3] == DAYS]
    yield _close(
        "safety stock of materials ordered from the first day on",
        {
            material: (float(expected[material]["safety_stock_14_days_95"]),)
            for material in throughout
        },
        {material: (ours[material][4],) for material in throughout},
        places=7,
    )
    mean, *_, safety_stock = ours[CANCELLED_WHOLE]
    yield compare(f"demand of {CANCELLED_WHOLE}, cancelled whole", "0", mean)
    yield compare(f"safety stock of {CANCELLED_WHOLE}", "0", safety_stock)


def demand_by_pairs(lines: list[Line]) -> Demand:
    """Units by material and day, as the reference nets: the k-th order by the k-th cancellation."""
    orders, cancellations = _of_known_customers(lines)
    left = {number: int(lines[number]["Quantity"]) for number in _orders(lines)}
    for key, numbers in orders.items():
        for order, cancellation in zip(numbers, cancellations[key], strict=False):
            if lines[order]["InvoiceDate"] <= lines[cancellation]["InvoiceDate"]:
                left[order] = 0
    return _by_day(lines, left)


def demand_by_queue(lines: list[Line]) -> Demand:
    """Units by material and day, as the models must: orders wait in a queue to be cancelled."""
    orders, cancellations = _of_known_customers(lines)
    left = {number: int(lines[number]["Quantity"]) for number in _orders(lines)}
    unused: list[int] = []
    for key, numbers in cancellations.items():
        waiting, coming = deque[int](), deque(orders.get(key, ()))
        for cancellation in numbers:
            moment = lines[cancellation]["InvoiceDate"]
            while coming and lines[coming[0]]["InvoiceDate"] <= moment:
                waiting.append(coming.popleft())
            if waiting:
                left[waiting.popleft()] = 0
            else:
                unused.append(cancellation)
    that_day = defaultdict(list)
    for number, units in left.items():
        if units and lines[number]["CustomerID"]:
            that_day[_day_key(lines[number])].append(number)
    for cancellation in sorted(unused, key=lambda number: lines[number]["InvoiceDate"]):
        line = lines[cancellation]
        to_cancel = -int(line["Quantity"])
        for order in sorted(
            that_day[_day_key(line)], key=lambda number: lines[number]["InvoiceDate"]
        ):
            if lines[order]["InvoiceDate"] <= line["InvoiceDate"]:
                cancelled = min(to_cancel, left[order])
                left[order] -= cancelled
                to_cancel -= cancelled
    return _by_day(lines, left)


def _orders(lines: list[Line]) -> list[int]:
    """Numbers of the lines that order something: nothing is ordered at a price of 0."""
    return [
        number
        for number, line in enumerate(lines)
        if int(line["Quantity"]) > 0
        and float(line["UnitPrice"]) > 0
        and not line["InvoiceNo"].startswith("C")
    ]


def _of_known_customers(lines: list[Line]) -> tuple[dict, dict]:
    """Numbers of orders and of cancellations by customer, material and quantity, in time."""
    orders, cancellations = defaultdict(list), defaultdict(list)
    for number in _orders(lines):
        line = lines[number]
        if line["CustomerID"]:
            orders[line["CustomerID"], line["StockCode"], int(line["Quantity"])].append(number)
    for number, line in enumerate(lines):
        if line["InvoiceNo"].startswith("C") and line["CustomerID"]:
            cancellations[line["CustomerID"], line["StockCode"], -int(line["Quantity"])].append(
                number
            )
    for numbers in (*orders.values(), *cancellations.values()):
        numbers.sort(key=lambda number: lines[number]["InvoiceDate"])
    return orders, cancellations


def _day_key(line: Line) -> tuple[str, str, str]:
    return line["CustomerID"], line["StockCode"], line["InvoiceDate"][:10]


def _by_day(lines: list[Line], units: Mapping[int, int]) -> Demand:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for number, count in units.items():
        if count:
            found[lines[number]["StockCode"]][lines[number]["InvoiceDate"][:10]] += count
    return found


def _told(demand: Demand, materials: Iterable[str]) -> dict[str, tuple[float, int]]:
    return {
        material: (float(sum(demand[material].values())), len(demand[material]))
        for material in materials
    }


def _statistics(days: Mapping[str, int]) -> tuple[float, int, float]:
    """Units, days with demand, and the deviation (n - 1) over all days of the files."""
    total = sum(days.values())
    squares = sum(units * units for units in days.values())
    return float(total), len(days), math.sqrt((squares - total * total / DAYS) / (DAYS - 1))


def _over_all_days(
    mean: float, deviation: float, demand_days: int, history_days: int
) -> tuple[float, int, float]:
    """The same of a mart's row, which counts from the first order on: days before it are zeros."""
    total = mean * history_days
    squares = deviation**2 * (history_days - 1) + mean * total
    variance = (squares - total * total / DAYS) / (DAYS - 1)
    return total, demand_days, math.sqrt(max(variance, 0.0))


def _close(
    name: str,
    expected: Mapping[str, tuple[float, ...]],
    got: Mapping[str, tuple[float, ...]],
    places: int,
) -> Comparison:
    """All figures of all materials, to so many decimals."""
    wrong = [
        f"{material}: {got[material]} for {figures}"
        for material, figures in expected.items()
        if any(
            abs(one - other) > 10**-places
            for one, other in zip(figures, got[material], strict=True)
        )
    ]
    whole = f"{len(expected)} materials"
    return Comparison(name, whole, "; ".join(wrong[:2]) or whole)
