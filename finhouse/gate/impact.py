"""Who looks at what a change reaches: dashboards with their charts, and owners."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp, parse_one

from finhouse.dashboards.catalog import (
    KPI_TIME,
    Dataset,
    Metric,
    build_catalog,
)
from finhouse.dashboards.definitions import Chart, Definitions
from finhouse.dashboards.loading import load_definitions
from finhouse.dashboards.selection import of_domains, read_belongings
from finhouse.dbt.kpis import TARGET_STEPS, read_kpi_catalogue
from finhouse.dbt.sql_columns import DIALECT, ROWS
from finhouse.domains import selected_domains
from finhouse.errors import FinhouseError
from finhouse.gate.builds import Built
from finhouse.gate.lineage import Reach
from finhouse.gate.values import KPI_CODE

DOMAIN = "domain"


@dataclass
class DashboardReached:
    """A dashboard and those of its charts that may show something else."""

    title: str
    owner: str
    charts: set[str] = field(default_factory=set)


def kpis_of(built: Built) -> dict[str, dict[str, str]]:
    """The KPI catalogue of one version, by code; ``targets`` says which one holds from when."""
    targets: dict[str, list[str]] = {}
    steps = built.settings.dbt_project / TARGET_STEPS
    with steps.open(newline="", encoding="utf-8") as file:
        for step in csv.DictReader(file):
            text = f"{step['target']} from month {step['from_month_since_launch']}"
            targets.setdefault(step[KPI_CODE], []).append(text)
    return {
        row[KPI_CODE]: row | {"targets": "; ".join(targets.get(row[KPI_CODE], []))}
        for row in read_kpi_catalogue(built.settings.dbt_project)
    }


def dashboards_reached(sides: Iterable[tuple[Built, Reach]]) -> list[DashboardReached]:
    """Dashboards of either version that a change reaches, by title.

    A version whose dashboards cannot be read is left out: their own check says why.
    """
    found: dict[str, DashboardReached] = {}
    for built, reach in sides:
        try:
            definitions, catalog = _dashboards(built)
        except FinhouseError:
            continue
        domains = {row["domain"] for code, row in kpis_of(built).items() if code in reach.kpis}
        for dashboard in definitions.dashboards:
            for chart in definitions.charts_of(dashboard):
                if _is_reached(chart, catalog, reach, domains):
                    entry = DashboardReached(dashboard.title, dashboard.owner)
                    found.setdefault(dashboard.title, entry).charts.add(chart.title)
    return [found[title] for title in sorted(found)]


def _dashboards(built: Built) -> tuple[Definitions, dict[str, Dataset]]:
    dbt_project = built.settings.dbt_project
    selected = selected_domains(dbt_project=dbt_project)
    variables = {**built.version.variables, "domains": selected}
    catalog = build_catalog(built.manifest, kpis_of(built).values(), variables)
    definitions = load_definitions(built.project / "superset", dbt_project)
    return of_domains(definitions, read_belongings(dbt_project), selected), catalog


def _is_reached(
    chart: Chart, catalog: Mapping[str, Dataset], reach: Reach, domains: set[str]
) -> bool:
    reached = reach.columns.get(chart.mart)
    dataset = catalog.get(chart.mart)
    if dataset is None:
        return chart.mart in reach.columns
    metrics = [dataset.metrics[name] for name in chart.all_metrics if name in dataset.metrics]
    if chart.mart in KPI_TIME and all(metric.kpi_code for metric in metrics):
        return any(metric.kpi_code in reach.kpis for metric in metrics)
    if not reached:
        return False
    if chart.mart not in reach.beside_kpis and not (
        _may_show(chart, KPI_CODE, reach.kpis) and _may_show(chart, DOMAIN, domains)
    ):
        return False
    return ROWS in reached or not reached.isdisjoint(_columns_used(chart, dataset, metrics))


def _may_show(chart: Chart, column: str, values: Collection[str]) -> bool:
    """False where the chart is pinned to other values of a column than these."""
    for entry in chart.filters:
        if entry.column == column and (entry.equals is not None or entry.among):
            shown = [entry.equals] if entry.equals is not None else entry.among or []
            return any(value in values for value in shown)
    return True


def _columns_used(chart: Chart, dataset: Dataset, metrics: list[Metric]) -> Iterator[str]:
    for name in chart.columns:
        column = dataset.columns.get(name)
        yield from _columns_in(column.expression) if column and column.expression else [name]
    for metric in metrics:
        yield from _columns_in(metric.expression)


def _columns_in(expression: str) -> set[str]:
    parsed = parse_one(expression, dialect=DIALECT)
    return {column.name for column in parsed.find_all(exp.Column)}
