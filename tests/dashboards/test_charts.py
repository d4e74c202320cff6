"""Every chart, executed through the REST API on both targets, and its numbers looked at."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from finhouse.console import print_table
from finhouse.dashboards.bundle import chart_identifier
from finhouse.dashboards.definitions import Chart, Dashboard, Filter
from finhouse.dashboards.loading import STRIP
from finhouse.dashboards.queries import queries_of
from tests.dashboards.conftest import Stage
from tests.support.superset import rows_of

BUDGET_MS = 300
LONG_AGO = "1970-01-01 : 1970-01-02"
# Rows of each chart by target: both engines must give the same.
SEEN: dict[str, dict[tuple[str, str], list[dict[str, Any]]]] = {}


def chart_id(stage: Stage, dashboard: Dashboard, chart: Chart) -> int:
    return stage.serving.chart_ids[chart_identifier(dashboard, chart)]


def source_rows(stage: Stage, chart: Chart) -> int:
    """Rows of the mart behind a chart that its own filters let through."""
    conditions = " and ".join(_sql(entry) for entry in chart.filters) or "true"
    [(count,)] = stage.published(f"select count(*) from published.{chart.mart} where {conditions}")
    return count


def _sql(entry: Filter) -> str:
    def literal(value: object) -> str:
        return f"'{value}'" if isinstance(value, str) else str(value)

    [comparison] = entry.comparisons
    value = getattr(entry, comparison)
    return {
        "equals": lambda: f"{entry.column} = {literal(value)}",
        "not_equals": lambda: f"{entry.column} <> {literal(value)}",
        "among": lambda: f"{entry.column} in ({', '.join(map(literal, value))})",
        "at_least": lambda: f"{entry.column} >= {value}",
        "at_most": lambda: f"{entry.column} <= {value}",
        "is_known": lambda: f"{entry.column} is not null",
    }[comparison]()


def test_a_chart_of_each_dashboard_answers(stage: Stage):
    """The quick lane's share of what `test_every_chart_answers_with_rows` runs."""
    admin = stage.client("admin")
    for dashboard in stage.definitions.dashboards:
        # The strip, which tells how recent the rest is, and the first chart of its own.
        for chart in stage.definitions.charts_of(dashboard)[:2]:
            assert rows_of(admin.run_chart(chart_id(stage, dashboard, chart))), dashboard.slug


@pytest.mark.full
def test_every_chart_answers_with_rows(stage: Stage, capsys: pytest.CaptureFixture[str]):
    admin = stage.client("admin")
    timings, slow = [], []
    for dashboard, chart in stage.charts():
        started = time.monotonic()
        rows = rows_of(admin.run_chart(chart_id(stage, dashboard, chart), force=True))
        took = 1000 * (time.monotonic() - started)
        name = (dashboard.slug, chart.title)
        if source_rows(stage, chart):
            assert rows, f"{name} is empty"
            assert any(row[chart.metrics[0]] is not None for row in rows), f"{name}: nulls only"
        else:
            # A total of no rows is one row all the same.
            assert len(rows) == (chart.type == "number"), f"{name}: rows out of nothing"
        SEEN.setdefault(stage.target, {})[name] = rows
        timings.append((name, took))
        slow += [name] if took > BUDGET_MS else []
    with capsys.disabled():
        print_table(
            f"Charts on {stage.target}, uncached (budget {BUDGET_MS} ms at scale 1)",
            ["dashboard", "chart", "ms"],
            [(*name, f"{took:.0f}") for name, took in timings],
            numeric=("ms",),
        )
        every = sorted(took for _, took in timings)
        print(
            f"{len(timings)} charts: p50 {statistics.median(every):.0f} ms, "
            f"p95 {every[int(0.95 * len(every))]:.0f} ms; over budget: {slow or 'none'}"
        )


@pytest.mark.full
def test_both_targets_draw_the_same():
    if set(SEEN) != {"duckdb", "postgres"}:
        pytest.skip("needs the charts of both targets: run this file as a whole")
    for name, rows in SEEN["duckdb"].items():
        # Each engine has builds and timings of its own.
        if name[0] == "data-quality" or name[1] == STRIP:
            continue
        assert comparable(rows) == comparable(SEEN["postgres"][name]), name


def comparable(rows: list[dict[str, Any]]) -> list[str]:
    """Rows in an order of their own, numbers to nine digits."""
    return sorted(
        str(
            {
                key: float(f"{value:.9g}") if isinstance(value, (int, float)) else value
                for key, value in row.items()
            }
        )
        for row in rows
    )


def last_complete(column: str, mart: str = "wallet_monthly_metrics") -> str:
    return (
        f"select {column} from published.{mart} where is_complete_period "
        "order by month_start desc limit 1"
    )


def last_day(column: str) -> str:
    return f"select {column} from published.daily_metrics order by date desc limit 1"


def last_kpi(code: str) -> str:
    return (
        "select value from published.kpi_monthly where is_complete_period "
        f"and kpi_code = '{code}' order by month_start desc limit 1"
    )


HEALTH = "financial_health_monthly"
# What a tile shows, and the mart that holds the same number by another way.
HEADLINES = {
    ("executive", "Volume"): last_complete("monthly_transaction_volume"),
    ("executive", "Active users"): last_complete("mau"),
    ("executive", "New users"): last_complete("new_user_count"),
    ("executive", "Revenue"): last_complete("revenue_total"),
    ("executive", "Gross margin"): last_complete("gross_margin_rate"),
    ("executive", "Uptime"): last_complete("uptime_rate"),
    ("operations", "Transactions"): last_day("total_transactions"),
    ("operations", "Success rate"): last_day("success_rate"),
    ("operations", "Median time (ms)"): last_day("median_processing_time_ms"),
    ("operations", "P95 time (ms)"): last_day("p95_processing_time_ms"),
    ("operations", "Uptime"): last_day("uptime_rate"),
    ("operations", "Fraud rate"): last_day("fraud_rate"),
    ("growth", "New users"): last_complete("new_user_count"),
    ("growth", "Acquisition cost"): last_complete("cac"),
    ("growth", "LTV over CAC"): last_complete("ltv_cac_ratio"),
    ("bank-partnerships", "Volume"): last_complete("monthly_transaction_volume"),
    ("bank-partnerships", "Success rate"): last_complete("success_rate"),
    ("merchant-analytics", "Active merchants"): (
        "select count(*) from published.top_merchant where success_count > 0"
    ),
    ("merchant-analytics", "Merchant volume"): (
        "select sum(amount) from published.fct_activities where activity_status = 'SUCCESS'"
    ),
    ("merchant-analytics", "Activities"): "select count(*) from published.fct_activities",
    ("merchant-analytics", "Failure rate"): (
        "select 1.0 * sum(failed_count) / sum(success_count + failed_count) "
        "from published.failure_rates"
    ),
    ("customer-analytics", "Customers"): last_complete("customer_count", HEALTH),
    ("customer-analytics", "New customers"): last_complete("new_customer_count", HEALTH),
    ("customer-analytics", "Active accounts"): last_complete(
        "customer_active_account_count", HEALTH
    ),
    ("customer-analytics", "Active borrowers"): last_complete("active_borrower_count", HEALTH),
    ("customer-analytics", "Lifetime value"): (
        "select avg(lifetime_value_amount) from published.customer_lifetime_value"
    ),
    ("customer-analytics", "Net position"): (
        "select sum(net_position_amount) from published.customer_financial_summary"
    ),
    ("loan-performance", "Gross portfolio"): last_complete("gross_portfolio_amount", HEALTH),
    ("loan-performance", "PAR 30 with restructured"): last_complete(
        "par_30_with_restructured", HEALTH
    ),
    ("loan-performance", "NPL ratio"): last_complete("npl_ratio", HEALTH),
    ("loan-performance", "Collection rate of what fell due"): last_complete(
        "collection_rate_current_due", "collections_monthly"
    ),
    ("loan-performance", "Provisions"): last_complete("provision_amount", HEALTH),
    ("loan-performance", "Disbursed"): last_kpi("disbursed_amount"),
    ("investment-returns", "Assets managed"): last_complete("investment_aum_amount", HEALTH),
    ("investment-returns", "Return"): last_complete("investment_roi", HEALTH),
    ("investment-returns", "Earnings paid"): last_complete("investment_earnings_amount", HEALTH),
    ("investment-returns", "Liquidity coverage"): last_complete("liquidity_coverage_ratio", HEALTH),
    ("financial-health", "Deposits"): last_complete("deposit_amount", HEALTH),
    ("financial-health", "Portfolio yield per year"): last_complete("portfolio_yield", HEALTH),
    ("financial-health", "Net interest margin per year"): last_complete(
        "net_interest_margin", HEALTH
    ),
    ("financial-health", "Self-sufficiency"): last_complete("operational_self_sufficiency", HEALTH),
    ("financial-health", "Loans / deposits"): last_complete("loan_to_deposit_ratio", HEALTH),
    ("data-quality", "Late tables"): (
        "select count(*) from published.freshness where status = 'late'"
    ),
    ("data-quality", "Tables compared"): (
        "select count(distinct (source_name, table_name)) from published.source_reconciliation"
    ),
    ("data-quality", "Rejected cells"): (
        "select sum(rejection_count) from published.activity_rejections"
    ),
    ("data-quality", "Restated values"): "select count(*) from published.kpi_restatements",
}


@pytest.mark.full
@pytest.mark.parametrize("name", HEADLINES, ids="/".join)
def test_headline_equals_the_mart(stage: Stage, name: tuple[str, str]):
    [(dashboard, chart)] = [
        (dashboard, chart)
        for dashboard, chart in stage.charts()
        if (dashboard.slug, chart.title) == name
    ]
    rows = rows_of(stage.client("admin").run_chart(chart_id(stage, dashboard, chart)))
    if chart.type == "headline":
        rows.sort(key=lambda row: row[chart.time])
    [(expected,)] = stage.published(HEADLINES[name])
    # daily_metrics rounds its percentiles to the millisecond.
    tolerance = 0.5 if name[1].endswith("(ms)") else 0
    assert rows[-1][chart.metrics[0]] == pytest.approx(float(expected), rel=1e-6, abs=tolerance)


# The five results of merchant activity: charts are over events, the marts over totals.
RESULTS = {
    "Top merchants": (
        "select merchant_id, total_amount from published.top_merchant where merchant_rank <= 10"
    ),
    "Product adoption": "select product, merchant_count from published.product_adoption",
    "KYC funnel": "select stage, merchant_count from published.kyc_funnel",
    "Failure rate by product": "select product, failure_rate from published.failure_rates",
    "Monthly active merchants": (
        "select month_start, active_merchant_count from published.monthly_active_merchants"
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("title", RESULTS)
def test_merchant_charts_equal_the_five_results(stage: Stage, title: str):
    dashboard = next(d for d in stage.definitions.dashboards if d.slug == "merchant-analytics")
    chart = stage.definitions.charts["merchant-analytics", title]
    rows = rows_of(stage.client("admin").run_chart(chart_id(stage, dashboard, chart)))
    drawn = sorted(float(row[chart.metrics[0]]) for row in rows)
    expected = sorted(float(value) for _, value in stage.published(RESULTS[title]))
    assert drawn == pytest.approx(expected, abs=1e-7)


Change = Callable[[dict[str, Any]], None]


def ask(stage: Stage, chart: Chart, changes: Sequence[Change]) -> list[list[dict]]:
    """Run a chart's queries as the browser would, with one dashboard filter after the other.

    In one request, as most of what a request costs is not its queries.
    """
    queries = []
    for change in changes:
        for query in queries_of(chart, stage.catalog[chart.mart]):
            # Rows as they come, not turned into the series drawn.
            query["post_processing"] = []
            change(query)
            queries.append(query)
    answer = stage.client("admin").post(
        "/api/v1/chart/data",
        {
            "datasource": {"id": stage.dataset_id(chart.mart), "type": "table"},
            "queries": queries,
            "result_format": "json",
            "result_type": "full",
        },
    )
    assert answer.status_code == 200, f"{chart.title}: {answer.text[:300]}"
    return [result["data"] for result in answer.json()["result"]]


@pytest.mark.full
def test_filters_act_on_every_chart(stage: Stage):
    for dashboard, chart in stage.charts():
        if chart.type == "strip":
            continue
        chosen = [
            partial(nobody, choice.column)
            for choice in dashboard.filters
            if choice.column in stage.catalog[chart.mart].columns
        ]
        for rows in ask(stage, chart, [long_ago, *chosen]):
            shown = [row for row in rows if any(row.get(name) for name in chart.all_metrics)]
            assert shown == [], f"{dashboard.slug}/{chart.title} ignores a filter"


def long_ago(query: dict[str, Any]) -> None:
    for condition in query["filters"]:
        if condition["op"] == "TEMPORAL_RANGE":
            condition["val"] = LONG_AGO


def nobody(column: str, query: dict[str, Any]) -> None:
    query["filters"].append({"col": column, "op": "IN", "val": ["no such value"]})
