"""A chart that would mislead is refused, whatever it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from finhouse.dashboards.catalog import Column, Dataset, Metric, build_catalog, status_of
from finhouse.dashboards.definitions import Chart, Dashboard, DashboardFilter, Definitions
from finhouse.dashboards.reach import half_reached, marked
from finhouse.dashboards.rules import grain_of, misleading
from finhouse.errors import ConfigurationError


def column(name: str, data_type: str = "string", **more: Any) -> Column:
    return Column(name, name, name, data_type, **more)


def metric(name: str, **more: Any) -> Metric:
    return Metric(name, name, name, f"sum({name})", "count", None, **more)


def dataset(columns: list[Column], metrics: list[Metric], grain: tuple[str, ...] = ()) -> Dataset:
    statuses = [column(status, is_worded=True) for c in columns if (status := status_of(c.name))]
    return Dataset(
        mart="sales",
        domain="wallet",
        description="Sales.",
        columns={c.name: c for c in [*columns, *statuses]},
        metrics={m.name: m for m in metrics},
        grain=grain,
    )


MONTHLY = dataset(
    [
        column("month_start", "date"),
        column("shop", is_worded=True),
        column("is_complete_period", "boolean"),
        column("is_last_complete_period", "boolean"),
        column("is_fraud_complete", "boolean"),
        column("is_complete_quarter", "boolean"),
    ],
    [
        metric("sold"),
        metric("fraud", complete="is_fraud_complete"),
        metric("buyers", rows="one"),
        metric("at_risk", rows="of a period"),
    ],
    grain=("month_start", "shop"),
)
DAILY = dataset(
    [column("day", "date"), column("is_complete_week", "boolean")], [metric("sold")], ("day",)
)
AHEAD = dataset([column("due_date", "date", looks_ahead=True)], [metric("sold")])
MOMENTS = dataset([column("loaded_at", "timestamp")], [metric("sold")])
COMPLETE = {"column": "is_complete_period", "equals": True}


def found(over: Dataset, **chart: Any) -> list[str]:
    times = {"sales": next(iter(over.columns))}
    given = {"title": "t", "type": "line", "mart": "sales", "time": times["sales"]} | chart
    return list(misleading(Chart.model_validate(given), over))


@pytest.mark.parametrize(
    ("over", "chart", "message"),
    [
        # A period that still runs.
        (MONTHLY, {"grain": "month"}, "filter on is_complete_period, or split by period_status"),
        (MONTHLY, {"grain": "month", "filters": [COMPLETE]}, None),
        (MONTHLY, {"grain": "month", "by": ["period_status"]}, None),
        (
            MONTHLY,
            {"grain": "month", "filters": [{"column": "is_complete_period", "equals": False}]},
            "has a period that still runs",
        ),
        (MONTHLY, {"type": "number"}, "has a period that still runs"),
        # A longer one, made of complete ones, may still run itself.
        (MONTHLY, {"grain": "quarter", "filters": [COMPLETE]}, "filter on is_complete_quarter"),
        (
            MONTHLY,
            {"grain": "quarter", "filters": [{"column": "is_complete_quarter", "equals": True}]},
            None,
        ),
        (MONTHLY, {"grain": "year", "filters": [COMPLETE]}, "does not say which years are over"),
        (DAILY, {"grain": "day"}, None),
        (DAILY, {"grain": "week"}, "filter on is_complete_week, or split by week_status"),
        (DAILY, {"grain": "week", "by": ["week_status"]}, None),
        (
            DAILY,
            {"grain": "month"},
            "does not say which months are over: give it is_complete_month",
        ),
        # What is still to come, and machines, have no period that is over.
        (AHEAD, {"grain": "month"}, None),
        (MOMENTS, {"grain": "day"}, None),
    ],
)
def test_periods_that_still_run(over: Dataset, chart: dict[str, Any], message: str | None):
    said = found(over, metrics=["sold"], **chart)
    assert [message in text for text in said] == [True] if message else said == []


def test_a_kpi_that_matures_is_complete_when_it_says_so():
    month_over = {"metrics": ["fraud"], "grain": "month", "filters": [COMPLETE]}
    [said] = found(MONTHLY, **month_over)
    assert "metric fraud is complete where is_fraud_complete is true" in said
    decided = {"column": "is_fraud_complete", "equals": True}
    assert not found(MONTHLY, **month_over | {"filters": [COMPLETE, decided]})
    assert not found(MONTHLY, **month_over, by=["fraud_status"])
    # Also where there is no axis of time.
    assert found(MONTHLY, **month_over | {"type": "bar", "by": ["shop"], "grain": None})


@pytest.mark.parametrize(
    ("metrics", "chart", "message"),
    [
        (["buyers"], {"grain": "month", "by": ["shop"]}, None),
        (["buyers"], {"grain": "month"}, "does not add up: split by shop"),
        (["buyers"], {"grain": "month", "filters": [{"column": "shop", "equals": "a"}]}, None),
        (["buyers"], {"type": "bar", "by": ["shop"]}, "of several months is not made of theirs"),
        (["buyers"], {"type": "table", "by": ["shop", "month_start"]}, None),
        (
            ["buyers"],
            {
                "type": "bar",
                "by": ["shop"],
                "filters": [{"column": "is_last_complete_period", "equals": True}],
            },
            None,
        ),
        (["at_risk"], {"grain": "month"}, None),
        (["at_risk"], {"type": "number"}, "or filter on is_last_complete_period"),
        (["sold"], {"type": "number"}, None),
    ],
)
def test_what_does_not_add_up(metrics: list[str], chart: dict[str, Any], message: str | None):
    filters = [COMPLETE, *chart.pop("filters", [])]
    said = found(MONTHLY, metrics=metrics, filters=filters, **chart)
    assert [message in text for text in said] == [True] if message else said == []


def test_a_distinct_count_by_quarter_is_refused():
    quarter = {"column": "is_complete_quarter", "equals": True}
    by_quarter = {"grain": "quarter", "by": ["shop"], "filters": [quarter]}
    [said] = found(MONTHLY, metrics=["buyers"], **by_quarter)
    assert "draw it by month" in said
    assert not found(MONTHLY, metrics=["sold"], **by_quarter)


def test_the_change_of_a_rate_is_no_percentage():
    rate = replace(metric("share"), format="percent")
    over = dataset([column("day", "date")], [rate, metric("sold")])
    tile = {"type": "headline", "grain": "day", "compare": 1}
    assert "percent of a percent" in found(over, metrics=["share"], **tile)[0]
    assert not found(over, metrics=["sold"], **tile)


def test_a_line_of_one_kpi_is_read_where_last_year_is():
    over = dataset([column("month_start", "date"), column("shop", is_worded=True)], [])
    over.metrics.update(
        sold=metric("sold", kpi_code="sold"),
        part=metric("part", kpi_code="sold", is_part=True),
    )
    over.columns["is_complete_month"] = column("is_complete_month", "boolean")
    is_over = {"column": "is_complete_month", "equals": True}
    kept = {"grain": "month", "filters": [is_over]}
    assert "read it from kpi_monthly" in found(over, metrics=["sold"], **kept)[0]
    assert not found(over, metrics=["sold"], by=["shop"], **kept)
    assert not found(over, metrics=["sold", "part"], **kept)
    assert not found(over, metrics=["part"], **kept)


def test_codes_are_shown_in_words_and_what_has_an_order_in_it():
    over = dataset(
        [
            column("day", "date"),
            column("status", codes=("PAID", "LATE")),
            column("size", codes=("1 Small", "2 Large"), ordered=True),
            column("size__words", is_worded=True),
            column("band", is_worded=True, ordered={"kind": ["age"]}),
            column("kind"),
            column("error"),
        ],
        [metric("sold")],
    )
    bar = {"type": "bar", "metrics": ["sold"]}
    in_order = {"sort": "size__words", "ascending": True}
    assert "give the column `words`" in found(over, **bar, by=["status"])[0]
    # Nothing says that its values are words.
    assert "splits by the codes of error" in found(over, **bar, by=["error"])[0]
    assert "split by size__words" in found(over, **bar, by=["size"])[0]
    assert "has an order: it needs `sort: size__words`" in found(over, **bar, by=["size__words"])[0]
    assert not found(over, **bar, by=["size__words"], **in_order)
    of_age = {"by": ["band"], "filters": [{"column": "kind", "equals": "age"}]}
    assert "band has an order" in found(over, **bar, **of_age)[0]
    assert not found(over, **bar, by=["band"], filters=[{"column": "kind", "equals": "city"}])


@pytest.mark.parametrize(
    ("chart", "message"),
    [
        ({"type": "column", "axis_from": 0.5}, "bars begin at zero, not at 0.5"),
        ({"type": "bar", "by": ["day"], "axis_from": 1}, "bars begin at zero"),
        ({"type": "column", "axis_from": 0}, None),
        ({"type": "line", "axis_from": 0.5}, None),
        ({"type": "column", "log_axis": True}, "no zero, where bars begin"),
        ({"type": "combo", "lines": ["sold"], "log_axis": True}, None),
    ],
)
def test_bars_begin_at_zero(chart: dict[str, Any], message: str | None):
    said = found(dataset([column("day", "date")], [metric("sold")]), metrics=["sold"], **chart)
    assert [message in text for text in said] == [True] if message else said == []


def test_what_is_missed_comes_first():
    over = dataset(
        [column("day", "date"), column("name", is_worded=True)],
        [metric("status", sorted_by="rank"), metric("rank")],
    )
    table = {"type": "table", "metrics": ["status"], "by": ["name"]}
    assert "needs `sort: rank`" in found(over, **table)[0]
    assert found(over, **table, sort="rank")
    assert not found(over, **table, sort="rank", ascending=True)


def test_grains_and_statuses_by_name():
    assert grain_of(column("month_start", "date")) == "month"
    assert grain_of(column("cohort_month", "date")) == "month"
    assert grain_of(column("signup_date", "date")) == "day"
    assert grain_of(column("loaded_at", "timestamp")) is None
    assert status_of("is_complete_week") == "week_status"
    assert status_of("is_fraud_complete") == "fraud_status"
    assert status_of("is_in_contract") is None


KPIS = [
    {"code": "buyers", "grains": ["monthly"], "numerator": "buyer_count"},
    {"code": "sold", "grains": ["monthly"], "numerator": "sold_count"},
    {
        "code": "fraud_rate",
        "grains": ["monthly"],
        "numerator": "fraud_count",
        "denominator": "sold_count",
        "complete": "is_fraud_complete",
    },
    {
        "code": "per_buyer",
        "grains": ["monthly"],
        "numerator": "sold_count",
        "denominator": "buyer_count",
    },
]
ADDITIVITY = {
    "buyers": "distinct",
    "sold": "sum",
    "fraud_rate": "ratio_of_sums",
    "per_buyer": "distinct",
}


def catalog_with(**metrics: dict[str, Any]) -> dict[str, Dataset]:
    """The catalog of a mart with these metrics, and of kpi_monthly."""

    def model(name: str, layer: str, columns: dict[str, str], meta: dict[str, Any]) -> dict:
        return {
            "resource_type": "model",
            "name": name,
            "fqn": ["finhouse", layer, "wallet", name],
            "description": "Sales.",
            "config": {"meta": meta},
            "columns": {
                column: {"data_type": data_type, "description": column, "config": {}}
                for column, data_type in columns.items()
            },
        }

    counts = {"buyer_count": "bigint", "sold_count": "bigint", "fraud_count": "bigint"}
    flags = {"is_complete_period": "boolean", "is_fraud_complete": "boolean"}
    nodes = [
        model("sales", "marts", {"month_start": "date"} | counts | flags, {"metrics": metrics}),
        model("kpi_monthly", "marts", {"month_start": "date", "kpi_code": "string"} | flags, {}),
        model("int_wallet_kpis_monthly", "intermediate", {}, {"kpis": KPIS}),
    ]
    catalogue = [
        {
            "kpi_code": entry["code"],
            "kpi_name": entry["code"],
            "domain": "wallet",
            "formula": "buyers",
            "unit": "count",
            "target_operator": ">",
            "additivity": ADDITIVITY[entry["code"]],
        }
        for entry in KPIS
    ]
    variables = {
        "domains": {"wallet": {"currency": "ZAR"}},
        "reporting_currency": "USD",
        "minimum_cell_size": 5,
    }
    manifest = {"nodes": {node["name"]: node for node in nodes}}
    return build_catalog(manifest, catalogue, variables)


def test_a_kpi_takes_its_additivity_from_the_catalogue():
    kpis = catalog_with()["kpi_monthly"].metrics
    assert {code: kpis[code].rows for code in ADDITIVITY} == {
        "buyers": "one",
        "sold": "any",
        "fraud_rate": "any",
        "per_buyer": "one",
    }
    assert (kpis["buyers__target"].rows, kpis["buyers__last_year"].rows) == ("one", "one")
    assert kpis["buyers__last_year"].label == "Same month last year"
    chart = {"mart": "kpi_monthly", "metrics": ["buyers"], "filters": [COMPLETE]}
    over = catalog_with()["kpi_monthly"]
    assert not found(over, **chart, grain="month")
    assert "draw it by month" in found(over, **chart, type="number")[0]
    assert not found(over, **chart | {"metrics": ["fraud_rate"]}, type="number")


def test_metrics_of_a_mart_know_the_kpi_that_they_are():
    metrics = catalog_with(
        sold={"kpi": "sold", "aggregate": "sum", "column": "sold_count", "format": "count"},
        fraud_rate={"kpi": "fraud_rate", "complete": "is_fraud_complete"},
        per_buyer={"kpi": "per_buyer", "format": "number"},
        rate_of_their_own={"ratio": ["fraud_count", "buyer_count"], "format": "percent"},
        mean={
            "aggregate": "average_over_time",
            "over": "month_start",
            "column": "buyer_count",
            "format": "count",
        },
    )["sales"].metrics
    assert {name: (m.kpi_code, m.rows, m.complete) for name, m in metrics.items()} == {
        "sold": ("sold", "any", None),
        "fraud_rate": ("fraud_rate", "any", "is_fraud_complete"),
        "per_buyer": ("per_buyer", "one", None),
        "rate_of_their_own": (None, "one", None),
        "mean": (None, "any", None),
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"aggregate": "sum", "column": "buyer_count"},
            "a sum counts whoever is in two rows twice",
        ),
        ({"kpi": "fraud_rate"}, "complete later than its period"),
        ({"kpi": "fraud_rate", "complete": "nothing"}, "no column nothing"),
        ({"kpi": "fame"}, "fame is no KPI"),
        ({"kpi": "sold"}, "is no ratio: state `aggregate` too"),
        ({"kpi": "per_buyer", "ratio": ["sold_count", "buyer_count"]}, "name it alone"),
        ({"kpi": "per_buyer", "aggregate": "last", "over": "month_start"}, "name it alone"),
    ],
    ids=str,
)
def test_metrics_that_contradict_their_kpi_are_refused(spec: dict[str, Any], message: str):
    with pytest.raises(ConfigurationError, match=message):
        catalog_with(wrong=spec | {"format": "count"})


def test_words_of_an_order_are_in_it():
    columns = {"size": {"data_type": "string", "description": "Size.", "config": {}}}
    columns["size"]["config"] = {"meta": {"ordered": True, "words": {"S": "Small", "L": "Large"}}}
    mart = {
        "unique_id": "model.finhouse.sales",
        "resource_type": "model",
        "name": "sales",
        "fqn": ["finhouse", "marts", "wallet", "sales"],
        "description": "Sales.",
        "config": {"meta": {}},
        "columns": columns,
    }
    accepted = {
        "resource_type": "test",
        "attached_node": mart["unique_id"],
        "column_name": "size",
        "test_metadata": {"name": "accepted_values", "kwargs": {"values": ["S", "L"]}},
    }
    variables = {
        "domains": {"wallet": {"currency": "ZAR"}},
        "reporting_currency": "USD",
        "minimum_cell_size": 5,
    }
    manifest = {"nodes": {"sales": mart, "accepted": accepted}}
    with pytest.raises(ConfigurationError, match="is ordered, and its words are not: Small, Large"):
        build_catalog(manifest, [], variables)
    columns["size"]["config"]["meta"]["words"] = {"S": "1 Small", "L": "2 Large"}
    sizes = build_catalog(manifest, [], variables)["sales"].columns["size"]
    assert sizes.codes == ("S", "L")


def test_a_section_that_a_filter_leaves_alone_says_so():
    over = {
        "sales": dataset([column("day", "date"), column("shop")], [metric("sold")]),
        "loads": replace(dataset([column("day", "date")], [metric("sold")]), mart="loads"),
    }
    charts = {
        ("sales", title): Chart(title=title, type="line", mart=mart, metrics=["sold"], time="day")
        for title, mart in (("Sold", "sales"), ("Bought", "sales"), ("Loaded", "loads"))
    }

    def dashboard(*sections: list[str]) -> Dashboard:
        return Dashboard.model_validate(
            {
                "title": "Sales",
                "slug": "sales",
                "position": 1,
                "description": "Sales.",
                "owner": "Sales",
                "filters": [DashboardFilter(title="Shop", mart="sales", column="shop")],
                "sections": [
                    {"title": " and ".join(titles), "rows": [{"height": 8, "charts": titles}]}
                    for titles in sections
                ],
            }
        )

    apart = dashboard(["Sold", "Bought"], ["Loaded"])
    definitions = Definitions([apart], charts, {})
    assert not list(half_reached(apart, definitions, over))
    assert [section.title for section in marked(apart, definitions, over).sections] == [
        "Sold and Bought",
        "Loaded (not filtered by Shop)",
    ]
    # That of the strip has no title to add to.
    untitled = apart.sections[1].model_copy(update={"title": ""})
    strip = apart.model_copy(update={"sections": [untitled]})
    assert [section.title for section in marked(strip, definitions, over).sections] == [""]
    [said] = half_reached(dashboard(["Sold", "Loaded"]), definitions, over)
    assert "filter 'Shop' acts on some charts of the section 'Sold and Loaded'" in said
    assert "not on Loaded" in said
