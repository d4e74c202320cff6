"""A chart's definition as the form of Superset's chart editor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from finhouse.dashboards.catalog import TARGET_SUFFIX, WORDS_SUFFIX, Dataset, Metric
from finhouse.dashboards.definitions import Chart, ColourRule
from finhouse.dashboards.queries import (
    GRAINS,
    ROW_LIMIT,
    Condition,
    condition_of,
    conditions_of,
    default_grain,
)

PERIOD_FORMATS = {
    "second": "%d %b %H:%M",
    "day": "%d %b %Y",
    "week": "%d %b %Y",
    "month": "%b %Y",
    "quarter": "%b %Y",
    "year": "%Y",
}
VIZ_TYPES = {
    "headline": "big_number",
    "number": "big_number_total",
    "line": "echarts_timeseries_line",
    "area": "echarts_area",
    "column": "echarts_timeseries_bar",
    "combo": "mixed_timeseries",
    "bar": "echarts_timeseries_bar",
    "table": "table",
    "heatmap": "heatmap_v2",
    "strip": "table",
}
MEANINGS = {"good": "#b7dfc3", "bad": "#f3b9ab", "warning": "#f6dfae"}
CATEGORICAL, SEQUENTIAL = "finhouse", "finhouse_blue"

Form = dict[str, Any]


def form_of(chart: Chart, dataset: Dataset) -> Form:
    """The form of Superset's chart editor."""
    form = {
        "viz_type": VIZ_TYPES[chart.type],
        "adhoc_filters": [_adhoc(entry) for entry in conditions_of(chart, dataset)],
        "color_scheme": CATEGORICAL,
        "row_limit": chart.limit or ROW_LIMIT,
    }
    return form | _FORMS[chart.type](chart, dataset)


def _adhoc(entry: Condition) -> dict[str, Any]:
    condition = condition_of(entry)
    return {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": condition["col"],
        "operator": condition["op"],
        "comparator": condition.get("val"),
    }


def _metric(chart: Chart, dataset: Dataset) -> Metric:
    return dataset.metrics[chart.metrics[0]]


def _on_axis(metric: Metric) -> str:
    """A metric's number format on an axis: without idle zeros."""
    return (metric.d3_format or "SMART_NUMBER").replace("%", "~%").replace("f", "~f")


def _shown_as(metric: Metric, *, axis: bool = False) -> Form:
    """Number format and currency of a headline or a value axis."""
    shown = metric.d3_format or "SMART_NUMBER"
    form: Form = {"y_axis_format": _on_axis(metric) if axis else shown}
    if metric.currency:
        form["currency_format"] = currency_of(metric)
    return form


def currency_of(metric: Metric) -> dict[str, str] | None:
    """A metric's currency as Superset notes it."""
    if metric.currency is None:
        return None
    # As texts have it: 16,977,956 ZAR.
    return {"symbol": metric.currency, "symbolPosition": "suffix"}


def _headline(chart: Chart, dataset: Dataset) -> Form:
    form = {
        "x_axis": chart.time,
        "time_grain_sqla": default_grain(chart),
        "metric": chart.metrics[0],
        "show_trend_line": True,
        "start_y_axis_at_zero": chart.axis_from is None,
        "show_timestamp": True,
        "time_format": PERIOD_FORMATS[chart.grain or "month"],
        "header_font_size": 0.4,
        "subheader_font_size": 0.2,
        "timestamp_font_size": 0.2,
        "subtitle_font_size": 0.2,
        "rolling_type": "None",
        "color_picker": {"r": 31, "g": 111, "b": 139, "a": 1},
    }
    if chart.subtitle:
        form["subtitle"] = chart.subtitle
    if chart.compare:
        form |= {"compare_lag": chart.compare, "compare_suffix": chart.compare_label}
    return form | _shown_as(_metric(chart, dataset))


def _number(chart: Chart, dataset: Dataset) -> Form:
    return {
        "metric": chart.metrics[0],
        "header_font_size": 0.3,
        "subtitle_font_size": 0.2,
        "subtitle": chart.compare_label,
        "time_format": PERIOD_FORMATS["month"],
    } | _shown_as(_metric(chart, dataset))


def _over_time(chart: Chart, dataset: Dataset) -> Form:
    return {
        "x_axis": chart.time,
        "time_grain_sqla": default_grain(chart),
        "metrics": chart.metrics,
        "groupby": chart.by,
        "x_axis_time_format": PERIOD_FORMATS[chart.grain or "month"],
        "tooltipTimeFormat": PERIOD_FORMATS[chart.grain or "month"],
        "x_axis_sort_asc": True,
        "markerEnabled": False,
        "zoomable": False,
    } | _axes(chart, dataset)


def _axes(chart: Chart, dataset: Dataset) -> Form:
    """What line, area and bar charts share: legend, tooltip and value axis."""
    series = chart.by[1:] if chart.type == "bar" else chart.by
    several = len(chart.all_metrics) > 1 or bool(series)
    bounds = [chart.axis_from, chart.axis_to]
    return {
        "order_desc": True,
        "truncate_metric": True,
        "show_empty_columns": True,
        "show_legend": several,
        "legendType": "scroll",
        "legendOrientation": "top",
        "rich_tooltip": True,
        "showTooltipTotal": chart.stacked,
        "show_value": chart.show_values,
        "stack": "Stack" if chart.stacked else None,
        "only_total": True,
        "logAxis": chart.log_axis,
        "minorSplitLine": False,
        "truncateYAxis": bounds != [None, None],
        "y_axis_bounds": bounds,
        "x_axis_title_margin": 0,
        "y_axis_title_margin": 0,
        # By size, or by name where the chart is sorted by the column that splits it.
        "sort_series_type": "name" if chart.sort in series else "sum",
        "sort_series_ascending": chart.ascending,
    } | _shown_as(_metric(chart, dataset), axis=True)


def _line(chart: Chart, dataset: Dataset) -> Form:
    return _over_time(chart, dataset) | {"seriesType": "line", "connectNulls": False}


def _area(chart: Chart, dataset: Dataset) -> Form:
    return _over_time(chart, dataset) | {"seriesType": "line", "opacity": 0.35}


def _column(chart: Chart, dataset: Dataset) -> Form:
    return _over_time(chart, dataset) | {"orientation": "vertical"}


def _combo(chart: Chart, dataset: Dataset) -> Form:
    lines = dataset.metrics[chart.lines[0]]
    same_axis = lines.format == _metric(chart, dataset).format
    form = _over_time(chart, dataset)
    form |= {
        # On a logarithmic axis bars have no zero to begin at.
        "seriesType": "line" if chart.log_axis else "bar",
        "opacity": 0.9,
        "yAxisIndex": 0,
        "metrics_b": chart.lines,
        "groupby_b": [],
        "adhoc_filters_b": [_adhoc(entry) for entry in conditions_of(chart, dataset)],
        # A target holds for its whole month: a slope between two would be no target at all. What
        # is drawn beside it, last year's value, is of a whole month, too.
        "seriesTypeB": "middle" if chart.lines[0].endswith(TARGET_SUFFIX) else "line",
        "markerEnabledB": False,
        "yAxisIndexB": 0 if same_axis else 1,
        "y_axis_format_secondary": _on_axis(lines),
        "truncateYAxisSecondary": True,
        "y_axis_bounds_secondary": [0, None],
        "row_limit": ROW_LIMIT,
        "row_limit_b": ROW_LIMIT,
        "order_desc_b": True,
        "truncate_metric_b": True,
    }
    if lines.currency:
        form["currency_format_secondary"] = currency_of(lines)
    return form


def _bar(chart: Chart, dataset: Dataset) -> Form:
    order = chart.sort or chart.metrics[0]
    return {
        "x_axis": chart.by[0],
        "groupby": chart.by[1:],
        "metrics": chart.metrics,
        "orientation": "horizontal",
        # Drawn from below: the first row stands at the bottom.
        "x_axis_sort": order,
        "x_axis_sort_asc": not chart.ascending,
        "timeseries_limit_metric": order if order in dataset.metrics else None,
        "xAxisForceCategorical": True,
        "truncateXAxis": False,
    } | _axes(chart, dataset)


def _table(chart: Chart, dataset: Dataset) -> Form:
    order = chart.sort or chart.metrics[0]
    return {
        "query_mode": "aggregate",
        "groupby": chart.by,
        "metrics": chart.metrics,
        "all_columns": [],
        "percent_metrics": [],
        "timeseries_limit_metric": order,
        "order_by_cols": [],
        "order_desc": not chart.ascending,
        "server_pagination": False,
        "page_length": 0,
        "include_search": False,
        "show_cell_bars": False,
        "color_pn": False,
        "allow_render_html": False,
        "table_timestamp_format": PERIOD_FORMATS[chart.grain or "day"],
        "temporal_columns_lookup": {chart.time: True},
        "column_config": {name: _cell(dataset.metrics[name]) for name in chart.metrics}
        | {name: _text_cell(chart) for name in chart.by},
        "conditional_formatting": [_rule(rule) for rule in chart.colours],
    }


def _strip(chart: Chart, dataset: Dataset) -> Form:
    """A table of one row, which bears the colour of any of its cells."""
    rules = [_rule(rule) for rule in chart.colours]
    return _table(chart, dataset) | {
        "column_config": {
            name: _cell(dataset.metrics[name]) | {"horizontalAlign": "left"}
            for name in chart.metrics
        },
        "conditional_formatting": [
            rule | {"toAllRow": True, "columnFormatting": "ENTIRE_ROW"} for rule in rules
        ],
    }


def _cell(metric: Metric) -> Form:
    if metric.format == "text":
        return {"horizontalAlign": "right"}
    if metric.d3_format is None:
        return {"horizontalAlign": "left"}
    form: Form = {"d3NumberFormat": metric.d3_format, "horizontalAlign": "right"}
    if metric.currency:
        form["currencyFormat"] = currency_of(metric)
    return form


def _text_cell(chart: Chart) -> Form:
    if chart.text_width is None:
        return {"horizontalAlign": "left"}
    return {
        "horizontalAlign": "left",
        "truncateLongCells": True,
        "columnWidth": chart.text_width,
    }


def _rule(rule: ColourRule) -> Form:
    operator, value = next(
        (sign, given)
        for sign, given in (
            ("=", rule.equals),
            (">", rule.above),
            ("<", rule.below),
            ("≥", rule.at_least),
            ("≤", rule.at_most),
        )
        if given is not None
    )
    return {
        "column": rule.column,
        "operator": operator,
        "targetValue": value,
        "colorScheme": MEANINGS[rule.colour],
        "useGradient": False,
    }


def _heatmap(chart: Chart, dataset: Dataset) -> Form:
    return {
        "x_axis": chart.by[0],
        "groupby": chart.y,
        "metric": chart.metrics[0],
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "normalize_across": "heatmap",
        "legend_type": "continuous",
        "linear_color_scheme": SEQUENTIAL,
        "show_legend": False,
        "show_percentage": False,
        "show_values": chart.show_values,
        "value_bounds": [chart.axis_from, chart.axis_to],
        # Numbers may be left out where there is no room, words may not.
        "xscale_interval": 1 if chart.by[0].endswith(WORDS_SUFFIX) else -1,
        "yscale_interval": -1,
        "left_margin": 75,
        "bottom_margin": 40,
        "border_color": {"r": 255, "g": 255, "b": 255, "a": 1},
        "border_width": 1,
        "time_grain_sqla": GRAINS[chart.grain] if chart.grain else None,
        "x_axis_time_format": PERIOD_FORMATS["month"],
        "time_format": PERIOD_FORMATS["month"],
        # Cells are small: whole percents.
        "y_axis_format": ".0%" if "%" in (_metric(chart, dataset).d3_format or "") else ",d",
    }


_FORMS: dict[str, Callable[[Chart, Dataset], Form]] = {
    "headline": _headline,
    "number": _number,
    "line": _line,
    "area": _area,
    "column": _column,
    "combo": _combo,
    "bar": _bar,
    "table": _table,
    "heatmap": _heatmap,
    "strip": _strip,
}
