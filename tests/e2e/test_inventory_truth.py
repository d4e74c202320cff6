"""The stox marts of the demo company, computed a second time: in Python, from the source's rows.

Orders wait in queues, stock is carried from day to day: nothing here is a window or a join.
"""

from __future__ import annotations

import statistics
from collections import defaultdict, deque
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

import pytest

from tests.support.house import House

YEAR = 365


class Source:
    """What the source's own rows say on the last complete day."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.truth = house.truth("commerce")
        self.last_day = date.fromisoformat(self.truth["as_of_date"])
        self.year_begins = self.last_day - timedelta(days=YEAR - 1)

    @cached_property
    def costs(self) -> dict[str, Decimal]:
        return dict(
            self.house.oltp_rows(
                "select material_number, unit_cost from commerce.materials where is_merchandise"
            )
        )

    @cached_property
    def lines(self) -> dict[str, dict]:
        """Lines of goods by id, in time, with the units that stay ordered."""
        names = ("id", "reverses", "customer", "material", "kind", "ordered", "shipped", "cogs")
        found = {
            str(row[0]): dict(zip((*names, "day", "created"), row, strict=True))
            for row in self.house.oltp_rows(
                "select id, reverses_line, customer, material_number, upper(trim(line_type)), "
                "ordered_cases, inv_quantity_cases, total_cogs, posting_date, created_at "
                f"from commerce.sales_order_lines where posting_date <= '{self.last_day}' "
                "order by posting_date, created_at, "
                "upper(trim(line_type)) = 'CANCELLATION', id"
            )
            if row[3] in self.costs
        }
        for line in found.values():
            line["net"] = line["ordered"] if line["kind"] == "SALE" else Decimal(0)
        self._cancel(found)
        return found

    def _cancel(self, lines: dict[str, dict]) -> None:
        named = {str(line["reverses"]) for line in lines.values() if line["reverses"]}
        waiting: dict[tuple, deque] = defaultdict(deque)
        unused = []
        for line in lines.values():
            key = (line["customer"], line["material"], abs(line["ordered"]))
            if line["kind"] == "SALE" and line["ordered"] > 0 and str(line["id"]) not in named:
                waiting[key].append(line)
            elif line["kind"] == "CANCELLATION" and line["reverses"]:
                order = lines[str(line["reverses"])]
                order["net"] = max(order["net"] + line["ordered"], Decimal(0))
            elif line["kind"] == "CANCELLATION" and line["customer"]:
                if waiting[key]:
                    waiting[key].popleft()["net"] = Decimal(0)
                else:
                    unused.append(line)
        for cancellation in unused:
            left = -cancellation["ordered"]
            for order in lines.values():
                if (
                    all(order[name] == cancellation[name] for name in ("customer", "material"))
                    and order["day"] == cancellation["day"]
                    and order["created"] <= cancellation["created"]
                    and str(order["id"]) not in named
                ):
                    taken = min(left, order["net"])
                    order["net"] -= taken
                    left -= taken

    @cached_property
    def demand(self) -> dict[str, list[Decimal]]:
        """Units of each of the last 365 days, by material, from its first order on."""
        by_day: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for line in self.lines.values():
            if line["kind"] == "SALE" and line["ordered"] > 0:
                by_day[line["material"]][line["day"]] += line["net"]
        found = {}
        for material, days in by_day.items():
            first = max(min(days), self.year_begins)
            length = (self.last_day - first).days + 1
            found[material] = [
                days.get(first + timedelta(days=number), Decimal(0)) for number in range(length)
            ]
        return found

    @cached_property
    def stock(self) -> dict[tuple[str, str], dict[date, Decimal]]:
        """Readings by material and office."""
        found: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
        for material, office, day, units in self.house.oltp_rows(
            "select material_number, sales_office_name, day, on_hand_units "
            f"from commerce.stock_levels where day <= '{self.last_day}' order by day"
        ):
            found[material, office][day] = units
        return found


@pytest.fixture(scope="module")
def source(company: House) -> Source:
    return Source(company)


def test_demand_and_its_deviation(company: House, source: Source, target: str):
    marts = {
        row[0]: row[1:]
        for row in company.published_rows(
            "select material_number, avg_daily_demand, demand_std_dev, demand_days "
            "from published.stox_safety_stock where history_days > 1",
            target,
        )
    }
    assert marts.keys() == {material for material, days in source.demand.items() if len(days) > 1}
    cancelled = sum(
        line["ordered"] - line["net"] for line in source.lines.values() if line["kind"] == "SALE"
    )
    assert cancelled > 0
    for material, (mean, deviation, days) in marts.items():
        units = [float(count) for count in source.demand[material]]
        assert float(mean) == pytest.approx(statistics.fmean(units), abs=1e-7)
        assert float(deviation) == pytest.approx(statistics.stdev(units), abs=1e-6)
        assert days == sum(count > 0 for count in units)


def test_stock_of_the_last_day(company: House, source: Source, target: str):
    [(units, value)] = company.published_rows(
        "select sum(on_hand_units), sum(inventory_value) from published.stox_performance_metrics",
        target,
    )
    assert units == source.truth["stock"]["on_hand_units"]
    assert value == Decimal(source.truth["stock"]["on_hand_value"])
    [(kpi,)] = company.published_rows(
        "select value from published.kpi_daily where kpi_code = 'inventory_value' "
        f"and date_day = '{source.last_day}'",
        target,
    )
    assert kpi == value


def test_average_stock_and_turnover(company: House, source: Source, target: str):
    marts = {
        row[0]: row[1:]
        for row in company.published_rows(
            "select material_number, avg_inventory_units, inventory_value, annual_cogs_amount, "
            "turnover_ratio from published.stox_working_capital",
            target,
        )
    }
    first = max(source.year_begins, min(min(days) for days in source.stock.values()))
    length = (source.last_day - first).days + 1
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for (material, _), readings in source.stock.items():
        level = next((readings[day] for day in sorted(readings, reverse=True) if day < first), 0)
        for number in range(length):
            level = readings.get(first + timedelta(days=number), level)
            sums[material] += level
    cogs: dict[str, Decimal] = defaultdict(Decimal)
    for line in source.lines.values():
        if line["day"] >= first:
            cogs[line["material"]] += line["cogs"]
    assert marts.keys() == source.costs.keys()
    for material, (units, value, annual_cogs, turnover) in marts.items():
        mean = sums[material] / length
        assert float(units or 0) == pytest.approx(float(mean), abs=1e-7)
        assert float(value or 0) == pytest.approx(float(mean * source.costs[material]), abs=0.0051)
        assert float(annual_cogs) == pytest.approx(float(cogs[material] * 365 / length), abs=0.0051)
        if turnover is not None:
            assert float(turnover) == pytest.approx(float(annual_cogs / value), abs=1e-7)


def test_stock_outs_and_fill_rate(company: House, source: Source, target: str):
    marts = {
        row[0]: row[1:]
        for row in company.published_rows(
            "select material_number, stockout_incidents, ordered_units, filled_units, "
            "filled_line_count, order_line_count from published.stox_performance_metrics",
            target,
        )
    }
    incidents: dict[str, int] = defaultdict(int)
    for (material, _), readings in source.stock.items():
        was_empty = False
        for day in sorted(readings):
            is_empty = readings[day] == 0
            # A run that reaches into the year is one of it, whenever it began.
            ends = min((later for later in readings if later > day), default=source.last_day)
            reaches = ends > source.year_begins or day >= source.year_begins
            begins = not was_empty or day < source.year_begins
            if is_empty and reaches and begins:
                incidents[material] += 1
            was_empty = is_empty
    assert sum(incidents.values()) > 0
    for material, (stock_outs, ordered, filled, full_lines, all_lines) in marts.items():
        assert (stock_outs or 0) == incidents[material], material
        orders = [
            line
            for line in source.lines.values()
            if line["material"] == material
            and line["kind"] == "SALE"
            and line["net"] > 0
            and line["day"] >= source.year_begins
        ]
        assert ordered == sum(line["net"] for line in orders)
        assert filled == sum(max(min(line["shipped"], line["net"]), 0) for line in orders)
        assert full_lines == sum(line["shipped"] >= line["net"] for line in orders)
        assert all_lines == len(orders)


def test_summary_is_the_sum_of_the_materials(company: House, source: Source, target: str):
    [summary] = company.published_rows(
        "select total_inventory_value, total_working_capital, avg_turnover_ratio, "
        "service_level_achievement, excess_inventory_value + obsolete_inventory_value "
        f"from published.stox_enterprise_summary where calculation_date = '{source.last_day}'",
        target,
    )
    [materials] = company.published_rows(
        "select sum(p.inventory_value), sum(w.inventory_value), "
        "1.0 * sum(w.annual_cogs_amount) / sum(w.inventory_value), "
        "1.0 * sum(p.filled_line_count) / sum(p.order_line_count), "
        "sum(coalesce(p.excess_inventory_value, 0) + coalesce(p.obsolete_inventory_value, 0)) "
        "from published.stox_performance_metrics as p "
        "join published.stox_working_capital as w on w.material_number = p.material_number",
        target,
    )
    # Each material's value is rounded to the cent.
    for of_all, of_each in zip(summary, materials, strict=True):
        assert float(of_all) == pytest.approx(float(of_each), rel=1e-6)
