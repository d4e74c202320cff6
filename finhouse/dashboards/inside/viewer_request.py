"""A viewer's request for data, rebuilt from what the server has stored.

A browser sends the whole query of a chart, and Superset runs it as sent: its columns, metrics,
filters, limits and types of result are whatever the sender wrote. Of a viewer's request only this
is read: which chart of which dashboard, or which filter; the time range; the grain of time; values
for the dashboard's own filters; and whether rows are shown or downloaded. The rest is written here,
from the chart as it was saved.

However a viewer filters, no value is shown of fewer customers than the project's variable
``minimum_cell_size``: a dataset about customers says which groups of its rows are shown, and every
query of a viewer asks for those alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

NO_RANGE = "No filter"
# Of a dataset's `extra`: which groups of its rows a viewer sees, as the condition of a HAVING.
SHOWN_WHERE = "viewers_see_groups_where"
# What a chart's rows are sent as; those that hold them are the same.
FORMATS = ("json", "csv", "xlsx")
# As the browser names them, in the order of its menus.
GRAINS = ("PT1S", "PT1M", "PT1H", "P1D", "P1W", "P1M", "P3M", "P1Y")
MOST_VALUES, MOST_CHARACTERS, MOST_OFFERED = 1000, 200, 1000

_UNIT = r"(?:second|minute|hour|day|week|month|quarter|year)"
_NAMED_RANGE = re.compile(
    rf"(?:Last|previous calendar|Current) {_UNIT}|(?:Last|Next) \d{{1,3}} {_UNIT}s?", re.IGNORECASE
)
_DATE = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?"
_ANCHOR = rf"(?:{_DATE}|now|today)"
_MOVED = rf'DATEADD\(DATETIME\("{_ANCHOR}"\), -?\d{{1,4}}, {_UNIT}\)'
_MOMENT = re.compile(rf"(?:{_ANCHOR}|{_MOVED})?", re.IGNORECASE)


class RefusedError(Exception):
    """What a viewer may not ask for; the message says it in words."""


@dataclass(frozen=True)
class StoredChart:
    """A chart as it was saved.

    Attributes:
        number: its id.
        viz_type: how it is drawn.
        dataset: id of the dataset it reads.
        queries: what it asks of it.
        shown_where: which groups of the dataset's rows a viewer sees; None: all of them.
        cache_seconds: how long a result is kept; -1: not at all; None: as long as any.
    """

    number: int
    viz_type: str
    dataset: int
    queries: tuple[Json, ...]
    shown_where: str | None = None
    cache_seconds: int | None = None


@dataclass(frozen=True)
class StoredDashboard:
    """A dashboard as it was saved.

    Attributes:
        number: its id.
        filters: Superset's native_filter_configuration.
    """

    number: int
    filters: tuple[Json, ...]


def chart_request(body: Json, chart: StoredChart, dashboard: StoredDashboard) -> dict[str, Any]:
    """The request for a chart's data, as ``POST /api/v1/chart/data`` takes it.

    Args:
        body: what the viewer sent.

    Raises:
        RefusedError: a time range, grain or filter value is none that a dashboard can send; or the
            chart shows single rows of a dataset about customers.
    """
    sent = _first_query(body)
    time_range = _time_range(sent.get("time_range"))
    grain = _grain(sent)
    chosen = _chosen_values(sent, chart, dashboard)
    queries = [_narrowed(query, time_range, grain, chosen) for query in chart.queries]
    if chart.shown_where:
        queries = [_without_small_cells(query, chart.shown_where) for query in queries]
    return {
        "datasource": {"id": chart.dataset, "type": "table"},
        "queries": queries,
        "form_data": {
            "slice_id": chart.number,
            "dashboardId": dashboard.number,
            "viz_type": chart.viz_type,
        },
        # Superset finds it with the chart, which it lets no viewer look up.
        "custom_cache_timeout": chart.cache_seconds,
        "result_format": _format(body.get("result_format")),
        "result_type": "full",
        "force": False,
    }


def filter_request(identifier: str, dashboard: StoredDashboard) -> dict[str, Any]:
    """The request for the values that a filter of the dashboard offers.

    Raises:
        RefusedError: the dashboard has no such filter, or it offers no values.
    """
    for entry in dashboard.filters:
        if entry["id"] == identifier:
            for target, column in _columns(entry):
                return {
                    "datasource": {"id": target["datasetId"], "type": "table"},
                    "queries": [
                        {
                            "columns": [column],
                            "metrics": [],
                            "filters": [],
                            "orderby": [[column, True]],
                            "row_limit": MOST_OFFERED,
                        }
                    ],
                    "form_data": {
                        "type": "NATIVE_FILTER",
                        "native_filter_id": identifier,
                        "dashboardId": dashboard.number,
                        "viz_type": "filter_select",
                    },
                    "result_format": "json",
                    "result_type": "full",
                    "force": False,
                }
    raise RefusedError("a filter that is not the dashboard's")


def _format(sent: Any) -> str:
    if sent is None or sent in FORMATS:
        return sent or FORMATS[0]
    raise RefusedError(f"the format {str(sent)[:80]!r}")


def _first_query(body: Json) -> Json:
    """A dashboard sends the same time range and filters with every query of a chart."""
    queries = body.get("queries")
    if isinstance(queries, list) and queries and isinstance(queries[0], Mapping):
        return queries[0]
    return {}


def _time_range(sent: Any) -> str | None:
    """The time range, or None for that of the chart."""
    if sent is None or sent in ("", NO_RANGE):
        return None
    if isinstance(sent, str):
        first, colon, last = sent.partition(" : ")
        moments = _MOMENT.fullmatch(first.strip()) and _MOMENT.fullmatch(last.strip())
        if _NAMED_RANGE.fullmatch(sent) or (colon and moments):
            return sent
    raise RefusedError(f"the time range {str(sent)[:80]!r}")


def _grain(sent: Json) -> str | None:
    """The grain of time, or None for that of the chart."""
    extras = sent.get("extras")
    grain = extras.get("time_grain_sqla") if isinstance(extras, Mapping) else None
    if grain is None or grain in GRAINS:
        return grain
    raise RefusedError(f"the grain {str(grain)[:80]!r}")


def _chosen_values(sent: Json, chart: StoredChart, dashboard: StoredDashboard) -> list[Json]:
    """Conditions that the dashboard's own filters put on this chart."""
    offered = {
        column
        for entry in dashboard.filters
        if chart.number not in entry.get("scope", {}).get("excluded", ())
        for _, column in _columns(entry)
    }
    conditions = sent.get("filters")
    chosen = []
    for condition in conditions if isinstance(conditions, list) else ():
        column = condition.get("col") if isinstance(condition, Mapping) else None
        # A chart's own conditions come back with the request: they are written from the chart.
        if isinstance(column, str) and column in offered and condition.get("op") == "IN":
            chosen.append({"col": column, "op": "IN", "val": _values(column, condition.get("val"))})
    return chosen


def _values(column: str, sent: Any) -> list[Any]:
    if not isinstance(sent, list) or not 0 < len(sent) <= MOST_VALUES:
        raise RefusedError(f"a choice of {column} that is no list of 1 to {MOST_VALUES:,} values")
    for value in sent:
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            raise RefusedError(f"a value of {column} of more than {MOST_CHARACTERS} characters")
        if value is not None and not isinstance(value, str | int | float | bool):
            raise RefusedError(f"a value of {column} that is no plain value")
    return sent


def _columns(entry: Json) -> Iterator[tuple[Json, str]]:
    """Targets of a filter that are columns; that of time has none."""
    for target in entry.get("targets", ()):
        if "column" in target:
            yield target, target["column"]["name"]


def _narrowed(
    query: Json, time_range: str | None, grain: str | None, chosen: list[Json]
) -> dict[str, Any]:
    """A stored query with what the viewer chose."""
    narrowed = {**query, "filters": [*(query.get("filters") or []), *chosen]}
    if time_range:
        narrowed["time_range"] = time_range
    if grain:
        narrowed["extras"] = {**(query.get("extras") or {}), "time_grain_sqla": grain}
        narrowed["columns"] = [
            {**column, "timeGrain": grain} if _is_axis(column) else column
            for column in query.get("columns") or []
        ]
    return narrowed


def _without_small_cells(query: dict[str, Any], shown_where: str) -> dict[str, Any]:
    """A query for those groups alone that stand for enough customers."""
    if not query.get("metrics"):
        raise RefusedError("single rows of what is about customers")
    extras = query.get("extras") or {}
    own = extras.get("having")
    having = f"({own}) and ({shown_where})" if own else shown_where
    return query | {"extras": {**extras, "having": having}}


def _is_axis(column: Any) -> bool:
    return isinstance(column, Mapping) and column.get("columnType") == "BASE_AXIS"
