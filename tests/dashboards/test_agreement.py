"""A KPI is one number: tile, chart, scorecard and published value agree, on what and on when.

The charts are asked as Superset runs them. What a KPI is complete in, its own row of `kpi_monthly`
or `kpi_daily` says; nothing else may draw it as complete.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from finhouse.dashboards.bundle import chart_identifier
from finhouse.dashboards.catalog import KPI_TIME, LAST_YEAR_SUFFIX, TARGET_SUFFIX, status_of
from finhouse.dashboards.definitions import Chart, Dashboard
from finhouse.dashboards.queries import OVER_TIME
from tests.dashboards.conftest import Stage, on_duckdb
from tests.support.superset import rows_of

MARTS = {"month": "kpi_monthly", "day": "kpi_daily"}


@dataclass(frozen=True)
class Known:
    """A KPI of one period, as published."""

    value: Decimal | None
    is_complete: bool


def published_kpis(stage: Stage) -> dict[tuple[str, str], dict[date, Known]]:
    """By grain and code, then by period."""
    found: dict[tuple[str, str], dict[date, Known]] = defaultdict(dict)
    for grain, mart in MARTS.items():
        rows = stage.published(
            f"select kpi_code, {KPI_TIME[mart]}, value, is_complete_period from published.{mart}"
        )
        for code, period, value, is_complete in rows:
            found[grain, code][period] = Known(value, is_complete)
    return found


def period_of(shown: Any) -> date:
    """A period as Superset gives it: milliseconds, or a date in text."""
    if isinstance(shown, (int, float)):
        return datetime.fromtimestamp(shown / 1000, tz=UTC).date()
    return date.fromisoformat(str(shown)[:10])


def drawings(stage: Stage) -> list[tuple[Dashboard, Chart, str, str]]:
    """Each place where a KPI is drawn over its own periods: dashboard, chart, metric, KPI."""
    return [
        (dashboard, chart, name, code)
        for dashboard, chart in stage.charts()
        for name in chart.all_metrics
        if not name.endswith((TARGET_SUFFIX, LAST_YEAR_SUFFIX))
        and (code := stage.catalog[chart.mart].metrics[name].kpi_code)
        and chart.type in OVER_TIME
        and chart.grain in MARTS
    ]


def drawn(stage: Stage, dashboard: Dashboard, chart: Chart, name: str) -> dict[date, float]:
    """What a chart draws as complete, by period; the parts of a split added up."""
    chart_id = stage.serving.chart_ids[chart_identifier(dashboard, chart)]
    results = stage.client("admin").run_chart(chart_id)
    rows_of(results)
    running = {status_of(c) for c in stage.catalog[chart.mart].columns} & set(chart.by)
    found: dict[date, float] = defaultdict(float)
    for result in results.json()["result"]:
        for row in result["data"]:
            if row.get(name) is None or any(row[column] != "Complete" for column in running):
                continue
            found[period_of(row[chart.time])] += float(row[name])
    return dict(found)


def test_scorecards_say_what_is_published(stage: Stage):
    kpis = published_kpis(stage)
    catalogue = {
        code for (code,) in stage.published("select kpi_code from published.kpi_catalogue")
    }
    rows = stage.published(
        "select kpi_code, period_grain, period_start, value, is_complete_period, target_status "
        "from published.kpi_scorecard"
    )
    assert {row[0] for row in rows} == catalogue
    wrong = []
    for code, grain, period, value, is_complete, status in rows:
        periods = kpis.get((grain, code), {})
        complete = [day for day, known in periods.items() if known.is_complete]
        expected = max(complete or periods, default=None)
        if period != expected or (period and periods[period] != Known(value, is_complete)):
            wrong.append(f"kpi_scorecard, {code}: {period} {value}, published {expected}")
        if not is_complete and status in ("met", "missed"):
            wrong.append(f"kpi_scorecard, {code}: {period} is not complete, and {status}")
    monthly = stage.published(
        "select kpi_code, month_start, value, is_complete_period, status_text "
        "from published.kpi_scorecard_monthly"
    )
    assert {(row[0], row[1]) for row in monthly} == {
        (code, month) for (grain, code), of in kpis.items() if grain == "month" for month in of
    }
    for code, month, value, is_complete, status in monthly:
        if kpis["month", code][month] != Known(value, is_complete):
            wrong.append(f"kpi_scorecard_monthly, {code}: {month} {value} {is_complete}")
        if not is_complete and status in ("Met", "Missed"):
            wrong.append(f"kpi_scorecard_monthly, {code}: {month} is not complete, and {status}")
    assert wrong == []


@pytest.mark.full
@on_duckdb
def test_charts_draw_the_periods_in_which_a_kpi_is_complete(stage: Stage):
    """Of a split chart the parts add up, where the KPI is a sum; a ratio's parts are not added."""
    kpis = published_kpis(stage)
    sums = {
        code
        for (code,) in stage.published(
            "select kpi_code from published.kpi_catalogue "
            "where value_kind in ('sum', 'count') and additivity <> 'distinct'"
        )
    }
    wrong, seen = [], set()
    for dashboard, chart, name, code in drawings(stage):
        place = f"{dashboard.slug}/{chart.title}, {code}"
        statuses = {status_of(c) for c in stage.catalog[chart.mart].columns}
        is_split = bool(set(chart.by) - statuses)
        periods = kpis[chart.grain, code]
        complete = {day for day, known in periods.items() if known.is_complete and known.value}
        values = drawn(stage, dashboard, chart, name)
        seen.add(code)
        wrong += [
            f"{place}: {day} is drawn as complete, and is not"
            for day in sorted(values)
            if not periods[day].is_complete
        ]
        # A chart may wait for another KPI that it draws beside; a tile may not.
        if chart.type == "headline" and complete - set(values):
            wrong.append(f"{place}: does not draw {sorted(complete - set(values))[-3:]}")
        metric = stage.catalog[chart.mart].metrics[name]
        if metric.is_part or (is_split and code not in sums):
            continue
        wrong += [
            f"{place}: {day} is {value}, published {periods[day].value}"
            for day, value in values.items()
            if value != pytest.approx(float(periods[day].value or 0), rel=1e-6, abs=1e-6)
        ]
    assert wrong == []
    assert len(seen) > 30


def test_tiles_show_what_the_scorecard_does(stage: Stage):
    """The newest period of a tile is the last complete one, and its value the published one."""
    kpis = published_kpis(stage)
    tiles = [entry for entry in drawings(stage) if entry[1].type == "headline"]
    assert len(tiles) > 30
    wrong = []
    for dashboard, chart, name, code in tiles:
        periods = kpis[chart.grain, code]
        last = max(day for day, known in periods.items() if known.is_complete)
        values = drawn(stage, dashboard, chart, name)
        shown = values.get(max(values))
        expected = float(periods[last].value)
        if max(values) != last or shown != pytest.approx(expected, rel=1e-6, abs=1e-6):
            wrong.append(
                f"{dashboard.slug}/{chart.title}: {max(values)} {shown}, "
                f"published {last} {expected}"
            )
    assert wrong == []
