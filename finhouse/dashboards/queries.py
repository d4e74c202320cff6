"""A chart's definition as the queries that Superset's browser side makes of its form.

They are stored with the chart: reports and the REST API run them, and a viewer's request is
rebuilt from them, whatever it says. So they are the browser's to the last word, post-processing
included; the tests hold them against what a browser sends.
"""

from __future__ import annotations

from typing import Any

from finhouse.dashboards.catalog import KPI_TIME, Dataset
from finhouse.dashboards.definitions import Chart, Filter

GRAINS = {
    "second": "PT1S",
    "day": "P1D",
    "week": "P1W",
    "month": "P1M",
    "quarter": "P3M",
    "year": "P1Y",
}
ROW_LIMIT = 10_000

# A plain string is the time column, which the time filter acts on.
Condition = Filter | str
Query = dict[str, Any]

OVER_TIME = ("headline", "line", "area", "column", "combo")
# Drawn by one kind of plugin, which turns rows into series.
_AS_SERIES = ("line", "area", "column", "combo", "bar")


def queries_of(chart: Chart, dataset: Dataset) -> list[Query]:
    """The chart's queries: two for a combo, else one."""
    groups = [chart.metrics, chart.lines] if chart.type == "combo" else [chart.metrics]
    return [_query(chart, dataset, metrics) for metrics in groups]


def default_grain(chart: Chart) -> str:
    """The grain of a chart over time as Superset names it: months unless it says otherwise."""
    return GRAINS[chart.grain or "month"]


def conditions_of(chart: Chart, dataset: Dataset) -> list[Condition]:
    """The chart's own filters."""
    conditions: list[Condition] = [chart.time, *chart.filters]
    if chart.mart in KPI_TIME:
        codes = sorted({dataset.metrics[name].kpi_code or "" for name in chart.all_metrics} - {""})
        if codes:
            # Other KPIs have other periods: without this their rows would be empty points.
            conditions.append(Filter(column="kpi_code", among=codes))
    return conditions


_OPERATORS = {
    "equals": "==",
    "among": "IN",
    "not_equals": "!=",
    "at_least": ">=",
    "at_most": "<=",
    "is_known": "IS NOT NULL",
}


def condition_of(entry: Condition) -> dict[str, Any]:
    """One filter of a query."""
    if isinstance(entry, str):
        return {"col": entry, "op": "TEMPORAL_RANGE", "val": "No filter"}
    [comparison] = entry.comparisons
    value = getattr(entry, comparison)
    if isinstance(value, bool) and comparison == "equals":
        return {"col": entry.column, "op": "IS TRUE" if value else "IS FALSE"}
    if comparison == "is_known":
        return {"col": entry.column, "op": _OPERATORS[comparison]}
    return {"col": entry.column, "op": _OPERATORS[comparison], "val": value}


def _query(chart: Chart, dataset: Dataset, metrics: list[str]) -> Query:
    query = {
        "columns": list(chart.by),
        "metrics": metrics,
        "filters": [condition_of(entry) for entry in conditions_of(chart, dataset)],
        "orderby": [],
        "row_limit": chart.limit or ROW_LIMIT,
        "extras": {"having": "", "where": ""},
        "annotation_layers": [],
        "series_limit": 0,
        "order_desc": True,
        "url_params": {},
        "custom_params": {},
        "custom_form_data": {},
        "post_processing": [],
    }
    if chart.type in OVER_TIME:
        grain = default_grain(chart)
        query["columns"] = [_axis(chart.time, grain), *chart.by]
        query["extras"] |= {"time_grain_sqla": grain}
    if chart.type == "headline":
        query["post_processing"] = [
            _pivot(chart.time, [], metrics, keep_empty=False),
            _FLATTEN,
        ]
    if chart.type in _AS_SERIES:
        query |= _as_series(chart, dataset, metrics, query["columns"])
    if chart.type == "combo":
        del query["order_desc"]
    if chart.type in ("table", "strip"):
        query |= _ranked(chart, metrics)
    if chart.type == "heatmap":
        query |= _as_grid(chart, metrics)
    return query


def _as_series(chart: Chart, dataset: Dataset, metrics: list[str], columns: list[Any]) -> Query:
    """A value axis against time, or against the first column of a bar chart."""
    order = chart.sort or metrics[0]
    by_metric = chart.type == "bar" and order in dataset.metrics
    if chart.type == "bar":
        axis, series = chart.by[0], chart.by[1:]
        columns = [_axis(axis), *series]
    else:
        axis, series = chart.time, list(chart.by)
    query: Query = {
        "columns": columns,
        "series_columns": series,
        "time_offsets": [],
        "orderby": [[order if by_metric else metrics[0], False]],
    }
    if by_metric:
        query["series_limit_metric"] = order
    steps = [_pivot(axis, series, metrics)]
    if len(metrics) == 1 and series:
        # Series bear the names of what splits them, not that of the one metric.
        names = {"columns": {metrics[0]: None}, "level": 0, "inplace": True}
        steps.append({"operation": "rename", "options": names})
    if chart.type == "bar" and not series and (not by_metric or order in metrics):
        by = {"by": order} if by_metric else {"is_sort_index": True}
        steps.append({"operation": "sort", "options": by | {"ascending": not chart.ascending}})
    return query | {"post_processing": [*steps, _FLATTEN]}


def _ranked(chart: Chart, metrics: list[str]) -> Query:
    order = chart.sort or metrics[0]
    return {
        "orderby": [[order, chart.ascending]],
        "order_desc": not chart.ascending,
        "series_limit_metric": order,
        "time_offsets": [],
    }


def _as_grid(chart: Chart, metrics: list[str]) -> Query:
    """Rows and columns in the order of the alphabet; colours by rank."""
    grain = GRAINS[chart.grain] if chart.grain else None
    return {
        "columns": [_axis(chart.by[0], grain), chart.y],
        "extras": {"having": "", "where": "", "time_grain_sqla": grain},
        "orderby": [[chart.by[0], True], [chart.y, False]],
        "post_processing": [{"operation": "rank", "options": {"metric": metrics[0]}}],
    }


_FLATTEN = {"operation": "flatten"}


def _pivot(
    axis: str, series: list[str], metrics: list[str], *, keep_empty: bool = True
) -> dict[str, Any]:
    """Rows as series; without those that are empty Superset fails where all of them are."""
    return {
        "operation": "pivot",
        "options": {
            "index": [axis],
            "columns": series,
            # One row a cell: the mean of it is the value.
            "aggregates": {metric: {"operator": "mean"} for metric in metrics},
            "drop_missing_columns": not keep_empty,
        },
    }


def _axis(column: str, grain: str | None = None) -> dict[str, Any]:
    axis = {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "isColumnReference": True,
        "label": column,
        "sqlExpression": column,
    }
    return axis | ({"timeGrain": grain} if grain else {})
