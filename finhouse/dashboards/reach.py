"""Which charts the filters of a dashboard act on, and how the others are marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from finhouse.dashboards.catalog import Dataset
from finhouse.dashboards.definitions import (
    Chart,
    Dashboard,
    DashboardFilter,
    Definitions,
    Section,
)


def reaches(choice: DashboardFilter, chart: Chart, catalog: Mapping[str, Dataset]) -> bool:
    """The filter acts on the chart: its mart has the column."""
    return choice.column in catalog[chart.mart].columns


def half_reached(
    dashboard: Dashboard, definitions: Definitions, catalog: Mapping[str, Dataset]
) -> Iterator[str]:
    """Sections of which a filter reaches some charts and not others, one sentence each."""
    for section, charts in _sections(dashboard, definitions):
        for choice in dashboard.filters:
            left = [chart.title for chart in charts if not reaches(choice, chart, catalog)]
            if left and len(left) < len(charts):
                yield (
                    f"filter {choice.title!r} acts on some charts of the section "
                    f"{section.title!r} and not on {', '.join(left)}: give these a section of "
                    "their own, or leave the filter out"
                )


def marked(
    dashboard: Dashboard, definitions: Definitions, catalog: Mapping[str, Dataset]
) -> Dashboard:
    """The dashboard; sections that a filter leaves alone say so in their titles.

    One without a title, as the strip that tells how recent the data are, is of no business.
    """
    sections = []
    for section, charts in _sections(dashboard, definitions):
        left = [
            choice.title
            for choice in dashboard.filters
            if not any(reaches(choice, chart, catalog) for chart in charts)
        ]
        title = section.title
        if title and left:
            title = f"{title} (not filtered by {' or '.join(left)})"
        sections.append(section.model_copy(update={"title": title}))
    return dashboard.model_copy(update={"sections": sections})


def _sections(
    dashboard: Dashboard, definitions: Definitions
) -> Iterator[tuple[Section, list[Chart]]]:
    for section in dashboard.sections:
        titles = [placed.chart for row in section.rows for placed in row.placed]
        yield (
            section,
            [
                definitions.charts[dashboard.slug, title]
                for title in titles
                if (dashboard.slug, title) in definitions.charts
            ],
        )
