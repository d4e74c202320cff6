"""Which domains a chart is about, and what is left of the dashboards when some are not selected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from finhouse.dashboards.catalog import KPI_TIME, kpi_of
from finhouse.dashboards.definitions import (
    ROW_WIDTH,
    Chart,
    Dashboard,
    Definitions,
    Placed,
    Row,
    Section,
)
from finhouse.dbt.kpis import read_kpi_catalogue
from finhouse.domains import declared_domains


@dataclass(frozen=True)
class Belongings:
    """Whose marts and KPIs are whose.

    Attributes:
        marts: domain of each mart that belongs to one.
        kpis: domain of each KPI code.
    """

    marts: dict[str, str]
    kpis: dict[str, str]

    def domains_of(self, chart: Chart) -> set[str]:
        """Domains that must be there for the chart to show anything; none: it is about all."""
        found = {self.marts[chart.mart]} if chart.mart in self.marts else set()
        if chart.mart in KPI_TIME:
            codes = {kpi_of(metric) for metric in chart.all_metrics}
            found |= {self.kpis[code] for code in codes if code in self.kpis}
        return found | {
            str(entry.equals)
            for entry in chart.filters
            if entry.column == "domain" and entry.equals
        }


def read_belongings(dbt_project: Path) -> Belongings:
    """Read them from the folders of the marts and from the KPI catalogue.

    Not from dbt's manifest: dbt does not parse while an exposure names a mart that is gone.
    """
    domains = declared_domains(dbt_project)
    files = (dbt_project / "models" / "marts").glob("*/*.sql")
    return Belongings(
        {path.stem: path.parent.name for path in files if path.parent.name in domains},
        {row["kpi_code"]: row["domain"] for row in read_kpi_catalogue(dbt_project)},
    )


def of_domains(
    definitions: Definitions, belongings: Belongings, selected: Collection[str]
) -> Definitions:
    """The dashboards without the charts of domains that are not selected.

    A row is shared evenly by the charts it keeps; an empty row, section or dashboard is left out.
    """
    unwanted = {
        key
        for key, chart in definitions.charts.items()
        if belongings.domains_of(chart) - set(selected)
    }
    if not unwanted:
        return definitions
    charts = {key: chart for key, chart in definitions.charts.items() if key not in unwanted}
    dashboards = [
        narrowed
        for dashboard in definitions.dashboards
        if (narrowed := _without(dashboard, unwanted, charts))
    ]
    files = {key: file for key, file in definitions.files.items() if key not in unwanted}
    return Definitions(dashboards, charts, files)


def _without(
    dashboard: Dashboard,
    unwanted: Collection[tuple[str, str]],
    charts: dict[tuple[str, str], Chart],
) -> Dashboard | None:
    sections = []
    for section in dashboard.sections:
        rows = [
            narrowed
            for row in section.rows
            if (narrowed := _row_without(row, dashboard.slug, unwanted))
        ]
        if rows:
            sections.append(Section(title=section.title, rows=rows))
    # A strip alone tells how recent nothing is.
    if not any(section.title for section in sections):
        return None
    kept = {chart.mart for (slug, _), chart in charts.items() if slug == dashboard.slug}
    filters = [choice for choice in dashboard.filters if choice.mart in kept]
    return dashboard.model_copy(update={"sections": sections, "filters": filters})


def _row_without(row: Row, slug: str, unwanted: Collection[tuple[str, str]]) -> Row | None:
    titles = [placed.chart for placed in row.placed if (slug, placed.chart) not in unwanted]
    if not titles:
        return None
    if len(titles) == len(row.charts):
        return row
    width, wider = divmod(ROW_WIDTH, len(titles))
    return Row(
        height=row.height,
        charts=[
            Placed(chart=title, width=width + (place < wider)) for place, title in enumerate(titles)
        ],
    )
