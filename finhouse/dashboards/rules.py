"""What keeps a chart from misleading: each rule holds for every chart, whatever it is about."""

from __future__ import annotations

from collections.abc import Iterator

from finhouse.dashboards.catalog import (
    KPI_TIME,
    WORDS_SUFFIX,
    Column,
    Dataset,
    Metric,
    status_of,
)
from finhouse.dashboards.definitions import Chart
from finhouse.dashboards.queries import OVER_TIME

COMPLETE = "is_complete_period"
# Marks the rows of the last period that is over.
LAST_COMPLETE = "is_last_complete_period"
# Lengths are compared only within these: hours and seconds are of machines, not of a business.
_PERIODS = ("day", "week", "month", "quarter", "year")


def misleading(chart: Chart, dataset: Dataset) -> Iterator[str]:
    """What a chart would say that is not so, one sentence each.

    Args:
        chart: it names columns and metrics that the dataset has.
        dataset: what it reads.
    """
    metrics = [dataset.metrics[name] for name in chart.all_metrics]
    yield from _incomplete(chart, dataset, metrics)
    for metric in metrics:
        yield from _summed_up(chart, dataset, metric)
        if metric.sorted_by and (chart.sort, chart.ascending) != (metric.sorted_by, True):
            yield (
                f"it shows {metric.name}, so it needs `sort: {metric.sorted_by}` and "
                "`ascending: true`"
            )
    if chart.compare and metrics[0].is_rate:
        yield (
            f"the change of {metrics[0].name}, a rate, would be percent of a percent: leave "
            "`compare` out"
        )
    if chart.type in ("line", "combo") and chart.grain == "month" and not chart.by:
        yield from _without_last_year(chart, metrics)
    yield from _codes(chart, dataset)
    yield from _axis(chart)


def grain_of(column: Column) -> str | None:
    """Length of the periods that a date column is the first day of; None for a moment."""
    if column.data_type != "date":
        return None
    return "month" if column.name.endswith(("month", "month_start")) else "day"


def _pinned(chart: Chart, column: str) -> bool:
    return any(entry.column == column and entry.equals is not None for entry in chart.filters)


def _says_complete(chart: Chart, column: str) -> bool:
    """The chart leaves out what is not complete, or draws it apart."""
    kept = any(entry.column == column and entry.equals is True for entry in chart.filters)
    return kept or status_of(column) in chart.by


def _incomplete(chart: Chart, dataset: Dataset, metrics: list[Metric]) -> Iterator[str]:
    """Periods that still run, and KPIs that mature after their period."""
    for metric in metrics:
        if metric.complete and not _says_complete(chart, metric.complete):
            yield (
                f"metric {metric.name} is complete where {metric.complete} is true, later than its "
                f"period: filter on it, or split by {status_of(metric.complete)}"
            )
    needed = _completeness_of_periods(chart, dataset)
    if needed is None or _says_complete(chart, needed):
        return
    if needed in dataset.columns:
        yield (
            f"mart {dataset.mart} has a period that still runs: filter on {needed}, or split by "
            f"{status_of(needed)}"
        )
    else:
        yield (
            f"mart {dataset.mart} does not say which {chart.grain}s are over: give it {needed} "
            f"(macro is_period_over), or draw its own periods"
        )


def _completeness_of_periods(chart: Chart, dataset: Dataset) -> str | None:
    """The column that says which of the periods drawn are over; None where all are."""
    period = COMPLETE if COMPLETE in dataset.columns else None
    time = dataset.columns[chart.time]
    own = grain_of(time)
    if chart.type not in OVER_TIME or own is None or chart.grain not in _PERIODS:
        return period
    if time.looks_ahead:
        return None
    if chart.grain == own and (period or own == "day"):
        # Days are published when they are over.
        return period
    return f"is_complete_{chart.grain}"


def _summed_up(chart: Chart, dataset: Dataset, metric: Metric) -> Iterator[str]:
    """Metrics that mean something over rows of one period, or over one row, alone."""
    if metric.rows == "any":
        return
    own = grain_of(dataset.columns[chart.time])
    split = {column.removesuffix(WORDS_SUFFIX) for column in chart.splits}
    over_periods = chart.type in OVER_TIME and chart.grain == own
    one_period = (
        over_periods
        or chart.time in split
        or _pinned(chart, chart.time)
        or _pinned(chart, LAST_COMPLETE)
    )
    if not one_period:
        yield (
            f"metric {metric.name} of several {own}s is not made of theirs: draw it by {own}"
            + (f", or filter on {LAST_COMPLETE}" if LAST_COMPLETE in dataset.columns else "")
        )
    if metric.rows == "one":
        left = [
            column
            for column in dataset.grain
            # Each KPI's metric reads its own rows alone.
            if column not in {chart.time, "kpi_code"} | split and not _pinned(chart, column)
        ]
        if left:
            yield (
                f"metric {metric.name} is a distinct count, which does not add up: split by "
                f"{', '.join(left)}, or filter on one value"
            )


def _without_last_year(chart: Chart, metrics: list[Metric]) -> Iterator[str]:
    """A monthly KPI alone: its own mart has the same month last year, others do not."""
    [first, *others] = metrics
    if first.kpi_code and not others and not first.is_part and chart.mart not in KPI_TIME:
        yield (
            f"metric {first.name} is the KPI {first.kpi_code}: read it from kpi_monthly, whose "
            "lines have the same month last year beside them"
        )


def _codes(chart: Chart, dataset: Dataset) -> Iterator[str]:
    """Codes in words, and what has an order in its order."""
    for name in chart.splits:
        column = dataset.columns[name.removesuffix(WORDS_SUFFIX)]
        in_words = column.name + WORDS_SUFFIX
        if name != in_words and needs_words(column, dataset):
            yield f"it splits by the codes of {name}: " + (
                f"split by {in_words}"
                if in_words in dataset.columns
                else f"give the column `words` in the YAML file of {dataset.mart}"
            )
        if (
            chart.type != "heatmap"
            and _has_order(chart, column)
            and (chart.sort, chart.ascending) != (name, True)
        ):
            yield f"{name} has an order: it needs `sort: {name}` and `ascending: true`"


def needs_words(column: Column, dataset: Dataset) -> bool:
    """A viewer would read codes: it has words, or text of which nothing says that it is words."""
    if column.is_worded or column.data_type != "string" or column.expression is not None:
        return False
    has_words = column.name + WORDS_SUFFIX in dataset.columns
    return has_words or not column.codes or any(_is_code(value) for value in column.codes)


def _is_code(value: str) -> bool:
    return "_" in value or value[:1].islower() or (value.isupper() and len(value) > 1)


def _has_order(chart: Chart, column: Column) -> bool:
    if isinstance(column.ordered, bool):
        return column.ordered
    return any(entry.equals in column.ordered.get(entry.column, ()) for entry in chart.filters)


def _axis(chart: Chart) -> Iterator[str]:
    """The length of a bar is its value: it begins at zero."""
    bars = chart.type in ("column", "bar") or (chart.type == "combo" and not chart.log_axis)
    if bars and chart.axis_from:
        yield f"bars begin at zero, not at {chart.axis_from:g}: draw lines, or leave axis_from out"
    if chart.log_axis and chart.type in ("column", "bar", "area"):
        yield "a logarithmic axis has no zero, where bars begin: draw lines"
