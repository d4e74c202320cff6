"""However a viewer filters, no value of fewer than five customers is shown; the rest is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from finhouse.dashboards.bundle import chart_identifier
from finhouse.dashboards.catalog import Dataset
from finhouse.dashboards.definitions import Chart, Dashboard
from finhouse.dashboards.queries import OVER_TIME, queries_of
from finhouse.warehouse.base import text_literal
from tests.dashboards.conftest import Stage, on_duckdb
from tests.support.superset import rows_of

# The rule is a condition of each query; that queries run on both engines is the charts' to show.
pytestmark = [pytest.mark.full, on_duckdb]

FEWEST = 5
# How many customers stand behind a group of rows, in words of this test alone.
PEOPLE = {
    "customer_groups": "sum(customer_count)",
    "acquisition_monthly": "sum(new_user_count)",
    "activity_by_type_daily": "1.0 * sum(user_count) / count(distinct activity_date)",
    "top_recipients": "sum(sender_count)",
    "portfolio_at_risk": "1.0 * sum(borrower_count) / count(distinct month_start)",
    "investment_portfolio_summary": "1.0 * sum(investor_count) / count(distinct month_start)",
    "loan_disbursement_trends": "sum(borrower_count)",
    "investment_maturity_calendar": "sum(investor_count)",
    "cohorts_by_age": "max(customer_count)",
    "segment_performance": "sum(customer_count)",
    "time_series_performance": "1.0 * sum(customer) / count(distinct month_start)",
    "installment_delinquency_monthly": "1.0 * sum(customer_count) / count(distinct month_start)",
    "merchant_performance_monthly": "1.0 * sum(customer_count) / count(distinct month_start)",
    "bnpl_sales_monthly": "1.0 * sum(customer_count) / count(distinct month_start)",
    "plan_performance_monthly": "1.0 * sum(customer_count) / count(distinct month_start)",
    "credit_quality": "1.0 * sum(customer_count) / count(distinct month_start)",
    "receivables_daily": "1.0 * sum(customer_count) / count(distinct date_day)",
    "bnpl_vintages": "1.0 * sum(customer_count) / count(distinct month_start)",
    "bnpl_roll_rates": "sum(customer_count)",
    "payment_methods_daily": "sum(customer_count)",
    "kyc_monthly": "sum(customer_count)",
}
COMBINATIONS = 3


@dataclass(frozen=True)
class Choice:
    """What a viewer chose: values by column, and a time range."""

    values: dict[str, list[str]]
    time_range: tuple[date, date] | None = None

    def narrow(self, query: dict[str, Any]) -> dict[str, Any]:
        chosen = [{"col": c, "op": "IN", "val": v} for c, v in self.values.items()]
        narrowed = query | {"filters": [*query["filters"], *chosen]}
        if self.time_range:
            narrowed["time_range"] = " : ".join(day.isoformat() for day in self.time_range)
        return narrowed

    def conditions(self, chart: Chart, dataset: Dataset) -> Iterator[str]:
        for column, values in self.values.items():
            yield f"{expression_of(dataset, column)} in ({', '.join(map(text_literal, values))})"
        if self.time_range:
            first, last = self.time_range
            yield f"{chart.time} >= date '{first}' and {chart.time} < date '{last}'"


def test_the_marts_a_filter_narrows_are_known_here(stage: Stage):
    stated = {mart for mart, dataset in stage.catalog.items() if dataset.people}
    assert stated == PEOPLE.keys()


def test_no_value_of_fewer_than_five_customers_is_shown(stage: Stage):
    hidden = shown = 0
    for dashboard, chart in stage.charts():
        if chart.mart not in PEOPLE:
            continue
        for choice in choices(stage, dashboard, chart):
            rows = asked(stage, dashboard, chart, choice)
            for group, people, has_value in groups(stage, chart, choice):
                values = values_at(chart, rows, group)
                told = f"{dashboard.slug}/{chart.title}, {choice}: {group} of {people} customers"
                if 0 < people < FEWEST:
                    hidden += 1
                    assert not any(value is not None for value in values), told
                elif has_value:
                    shown += 1
                    assert any(value is not None for value in values), told
    assert hidden > 50 and shown > 50, (hidden, shown)


def choices(stage: Stage, dashboard: Dashboard, chart: Chart) -> list[Choice]:
    """Nothing chosen; then values of the dashboard's filters and months, at random."""
    dice = random.Random(f"{dashboard.slug}/{chart.title}")
    dataset = stage.catalog[chart.mart]
    columns = [choice.column for choice in dashboard.filters if choice.column in dataset.columns]
    offered = {
        column: [
            value
            for (value,) in stage.published(
                f"select distinct {expression_of(dataset, column)} "
                f"from published.{chart.mart} order by 1"
            )
        ]
        for column in columns
    }
    months = [
        month
        for (month,) in stage.published(
            f"select distinct cast(date_trunc('month', {chart.time}) as date) "
            f"from published.{chart.mart} order by 1"
        )
    ]
    found = [Choice({})]
    for _ in range(COMBINATIONS):
        some = dice.sample(columns, dice.randint(0, len(columns)))
        values = {c: dice.sample(offered[c], dice.randint(1, 2)) for c in some}
        first = dice.choice(months)
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        found.append(Choice(values, (first, after) if dice.random() < 0.5 else None))
    return found


def expression_of(dataset: Dataset, column: str) -> str:
    """A column of the dataset as SQL over the mart."""
    return dataset.columns[column].expression or column


def asked(stage: Stage, dashboard: Dashboard, chart: Chart, choice: Choice) -> list[dict[str, Any]]:
    """The rows that a viewer gets."""
    queries = queries_of(chart, stage.catalog[chart.mart])
    body = {
        "datasource": {"id": stage.dataset_id(chart.mart), "type": "table"},
        "queries": [choice.narrow(query) for query in queries],
        "form_data": {
            "slice_id": stage.serving.chart_ids[chart_identifier(dashboard, chart)],
            "dashboardId": stage.serving.dashboard_ids[dashboard.slug],
        },
    }
    return rows_of(stage.client("viewer").post("/api/v1/chart/data", body))


def groups(
    stage: Stage, chart: Chart, choice: Choice
) -> Iterator[tuple[tuple[Any, ...], float, bool]]:
    """What the chart splits by, customers behind each part, and whether there is a value."""
    dataset = stage.catalog[chart.mart]
    parts = [expression_of(dataset, column) for column in split_by(chart)]
    if chart.type in OVER_TIME:
        parts.insert(0, f"cast(date_trunc('{chart.grain}', {chart.time}) as date)")
    own = [f"{entry.column} = {literal(entry.equals)}" for entry in chart.filters]
    conditions = [*own, *choice.conditions(chart, dataset)]
    value = dataset.metrics[chart.metrics[0]].expression
    rows = stage.published(
        f"select {', '.join([*parts, PEOPLE[chart.mart], f'({value}) is not null'])} "
        f"from published.{chart.mart} where {' and '.join(conditions) or 'true'} "
        + (f"group by {', '.join(map(str, range(1, len(parts) + 1)))}" if parts else "")
    )
    for *group, people, has_value in rows:
        yield tuple(group), float(people or 0), has_value


def split_by(chart: Chart) -> list[str]:
    """The columns whose values make one value of a chart each."""
    return [*chart.by, chart.y] if chart.y else list(chart.by)


def literal(value: Any) -> str:
    return text_literal(value) if isinstance(value, str) else str(value)


def values_at(chart: Chart, rows: list[dict[str, Any]], group: tuple[Any, ...]) -> list[Any]:
    """The values drawn for a group, wherever its type of chart puts them."""
    if chart.type == "number":
        return [row[name] for row in rows for name in chart.metrics]
    if chart.type in ("table", "heatmap"):
        places = dict(zip(split_by(chart), map(as_served, group), strict=True))
        return [
            row[name]
            for row in rows
            if all(row[column] == value for column, value in places.items())
            for name in chart.metrics
        ]
    axis, *series = group
    column, *_ = [chart.time] if chart.type in OVER_TIME else chart.by
    names = [str(part) for part in series] or chart.metrics
    return [row.get(name) for row in rows if row[column] == as_served(axis) for name in names]


def as_served(value: Any) -> Any:
    """A value as an answer of Superset holds it: days are milliseconds."""
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC).timestamp() * 1000
    return value
