"""Whatever a viewer sends, the query is the chart's: generated requests, no server."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finhouse.dashboards.inside.viewer_request import (
    FORMATS,
    GRAINS,
    RefusedError,
    StoredChart,
    StoredDashboard,
    chart_request,
    filter_request,
)

AXIS = {
    "columnType": "BASE_AXIS",
    "sqlExpression": "month_start",
    "label": "month_start",
    "timeGrain": "P1M",
}
QUERY = {
    "columns": [AXIS, "period_status"],
    "metrics": ["mau"],
    "filters": [{"col": "kpi_code", "op": "IN", "val": ["mau"]}],
    "extras": {"having": "", "where": "", "time_grain_sqla": "P1M"},
    "row_limit": 100,
}
CHART = StoredChart(
    number=7, viz_type="echarts_timeseries_bar", dataset=3, queries=(QUERY, QUERY), cache_seconds=-1
)
DASHBOARD = StoredDashboard(
    number=2,
    filters=(
        {"id": "period", "targets": [{}], "scope": {"excluded": []}},
        {
            "id": "bank",
            "targets": [{"datasetId": 5, "column": {"name": "bank_name"}}],
            "scope": {"excluded": [8]},
        },
    ),
)
# All that a request may change of a query.
OPEN = {"time_range", "filters", "extras", "columns"}

words = st.sampled_from(
    ["IN", "bank_name", "kpi_code", "samples", "1 = 1", "P1D", "No filter", "select * from users"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | words,
    lambda inner: st.lists(inner) | st.dictionaries(words | st.text(), inner),
    max_leaves=8,
)
conditions = st.fixed_dictionaries(
    {"col": words | anything, "op": words | anything, "val": anything}
)
queries = st.dictionaries(
    st.sampled_from(
        [
            *QUERY,
            "time_range",
            "result_type",
            "annotation_layers",
            "post_processing",
            "series_columns",
            "orderby",
            "is_rowcount",
            "datasource",
            "from_dttm",
            "apply_fetch_values_predicate",
        ]
    ),
    anything,
)
filtered = st.builds(
    lambda query, chosen: query | {"filters": chosen}, queries, st.lists(conditions)
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "queries": st.lists(filtered | queries) | anything,
        "datasource": anything,
        "result_type": anything,
        "result_format": st.sampled_from(FORMATS) | anything,
        "force": anything,
        "form_data": anything,
        "custom_cache_timeout": anything,
    },
)


def sent(**query: Any) -> dict[str, Any]:
    return {"queries": [query]}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies)
def test_whatever_is_sent_the_query_is_the_charts(body: dict[str, Any]):
    before = copy.deepcopy(QUERY)
    try:
        made = chart_request(body, CHART, DASHBOARD)
    except RefusedError:
        return
    assert before == QUERY
    assert made["datasource"] == {"id": 3, "type": "table"}
    assert (made["result_type"], made["force"]) == ("full", False)
    assert made["custom_cache_timeout"] == CHART.cache_seconds
    assert made["result_format"] == (body.get("result_format") or "json")
    assert made["result_format"] in FORMATS
    assert made["form_data"].keys() == {"slice_id", "dashboardId", "viz_type"}
    assert len(made["queries"]) == len(CHART.queries)
    for query in made["queries"]:
        changed = {name for name in query if query[name] != QUERY.get(name)}
        assert changed <= OPEN and query.keys() - QUERY.keys() <= {"time_range"}
        own, chosen = query["filters"][:1], query["filters"][1:]
        assert own == QUERY["filters"]
        assert all((entry["col"], entry["op"]) == ("bank_name", "IN") for entry in chosen)
        grain = query["extras"]["time_grain_sqla"]
        assert grain in GRAINS and query["extras"] == QUERY["extras"] | {"time_grain_sqla": grain}
        assert query["columns"] == [AXIS | {"timeGrain": grain}, "period_status"]


@pytest.mark.parametrize(
    "time_range",
    [
        "Last week",
        "previous calendar quarter",
        "Current month",
        "Last 30 days",
        "2026-01-01 : 2026-02-01",
        "2026-01-01T00:00:00 : now",
        " : 2026-02-01",
        'DATEADD(DATETIME("2026-06-30T00:00:00"), -90, day) : 2026-06-30',
    ],
)
def test_time_ranges_of_the_browsers_menus_are_taken(time_range: str):
    made = chart_request(sent(time_range=time_range), CHART, DASHBOARD)
    assert [query["time_range"] for query in made["queries"]] == [time_range] * 2


@pytest.mark.parametrize("time_range", [None, "", "No filter"])
def test_no_time_range_is_the_charts_own(time_range: str | None):
    made = chart_request(sent(time_range=time_range), CHART, DASHBOARD)
    assert made["queries"] == [QUERY, QUERY]


@pytest.mark.parametrize(
    "time_range",
    [
        "Last 99999999 days",
        "100000000 years ago : now",
        'DATEADD(DATETIME("now"), 99999999, year) : now',
        "DATETRUNC(" * 1000 + "now",
        "2026-01-01 : 2026-02-01 : 2026-03-01",
        "2026-01-01'; select 1 --",
        "tomorrow",
        7,
        ["now"],
    ],
)
def test_other_time_ranges_are_refused(time_range: Any):
    with pytest.raises(RefusedError, match="time range"):
        chart_request(sent(time_range=time_range), CHART, DASHBOARD)


@pytest.mark.parametrize("grain", ["P1D", "P1Y"])
def test_a_grain_reaches_axis_and_extras(grain: str):
    made = chart_request(sent(extras={"time_grain_sqla": grain}), CHART, DASHBOARD)
    for query in made["queries"]:
        assert query["columns"][0]["timeGrain"] == query["extras"]["time_grain_sqla"] == grain


def test_a_value_of_the_dashboards_filter_narrows_every_query():
    chosen = {"col": "bank_name", "op": "IN", "val": ["First", None]}
    made = chart_request(sent(filters=[chosen]), CHART, DASHBOARD)
    assert [query["filters"] for query in made["queries"]] == [[*QUERY["filters"], chosen]] * 2


def test_a_filter_that_spares_the_chart_is_not_read():
    spared = StoredChart(number=8, viz_type="table", dataset=3, queries=(QUERY,))
    chosen = {"col": "bank_name", "op": "IN", "val": ["First"]}
    assert chart_request(sent(filters=[chosen]), spared, DASHBOARD)["queries"] == [QUERY]


@pytest.mark.parametrize(
    "values", [[], ["x"] * 1001, ["x" * 201], [{"sql": "1"}], [["x"]], "First", None, {"a": 1}]
)
def test_values_that_no_menu_offers_are_refused(values: Any):
    chosen = {"col": "bank_name", "op": "IN", "val": values}
    with pytest.raises(RefusedError, match="bank_name"):
        chart_request(sent(filters=[chosen]), CHART, DASHBOARD)


ABOUT_CUSTOMERS = replace(CHART, shown_where="sum(n) >= 5")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies)
def test_whatever_is_sent_small_cells_stay_hidden(body: dict[str, Any]):
    try:
        made = chart_request(body, ABOUT_CUSTOMERS, DASHBOARD)
    except RefusedError:
        return
    assert {query["extras"]["having"] for query in made["queries"]} == {"sum(n) >= 5"}


def test_a_charts_own_condition_on_groups_is_kept():
    query = QUERY | {"extras": {"having": "sum(n) < 9 or true"}}
    made = chart_request({}, replace(ABOUT_CUSTOMERS, queries=(query,)), DASHBOARD)
    assert made["queries"][0]["extras"]["having"] == "(sum(n) < 9 or true) and (sum(n) >= 5)"


@pytest.mark.parametrize("metrics", [None, []])
def test_single_rows_about_customers_are_refused(metrics: list[str] | None):
    rows = replace(ABOUT_CUSTOMERS, queries=(QUERY | {"metrics": metrics},))
    with pytest.raises(RefusedError, match="single rows"):
        chart_request({}, rows, DASHBOARD)


def test_a_filter_offers_the_values_of_its_column():
    made = filter_request("bank", DASHBOARD)
    assert made["datasource"]["id"] == 5
    assert [query["columns"] for query in made["queries"]] == [["bank_name"]]


@pytest.mark.parametrize("identifier", ["period", "nosuch", 7, None, ["bank"]])
def test_other_filters_offer_nothing(identifier: Any):
    with pytest.raises(RefusedError):
        filter_request(identifier, DASHBOARD)
