"""Charts and dashboards as they are written in YAML under ``superset/``.

``superset/dashboards/<slug>.yaml`` lays charts out by title; each chart is a file of its own,
``superset/charts/<slug>/<title-in-kebab-case>.yaml``. A chart names a mart, metrics and columns of
it, and never SQL: what a metric is stands in dbt. The standard tile of a KPI needs no file: a
dashboard places it as ``{kpi: mau}``, and the KPI catalogue says the rest.

No target is written in a definition: ``{target}`` in a text and ``target`` in a colour rule take it
from the KPI catalogue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from finhouse.settings import PROJECT_ROOT

DEFINITIONS = PROJECT_ROOT / "superset"
ROW_WIDTH = 12

ChartType = Literal[
    "headline", "number", "line", "area", "column", "combo", "bar", "table", "heatmap", "strip"
]
Grain = Literal["second", "day", "week", "month", "quarter", "year"]


class Written(BaseModel):
    """Base of everything written in YAML: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Filter(Written):
    """A condition on a column of the mart; exactly one of the comparisons is given.

    Attributes:
        column: name of a column.
        equals: the one value, also true or false.
        among: any of these values.
        not_equals: any value but this one.
        at_least: this number or more.
        at_most: this number or less.
        is_known: the column is not null.
    """

    column: str
    equals: str | bool | int | None = None
    among: list[str | int] | None = None
    not_equals: str | bool | int | None = None
    at_least: float | None = None
    at_most: float | None = None
    is_known: Literal[True] | None = None

    @property
    def comparisons(self) -> list[str]:
        return [name for name in self.model_fields_set if name != "column"]


class ColourRule(Written):
    """Colour of a table's cells: a column's exact text, or a number's side of a bound.

    Exactly one of the conditions is given.

    Attributes:
        column: a metric or column of the table.
        equals: the text that is coloured.
        above: numbers greater than this are coloured.
        below: numbers less than this are coloured.
        at_least: this number and greater ones are coloured.
        at_most: this number and lesser ones are coloured.
        target: code of a KPI; numbers that miss its target are coloured.
        colour: what it means.
    """

    column: str
    equals: str | None = None
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    target: str | None = None
    colour: Literal["good", "bad", "warning"]


class Chart(Written):
    """One chart.

    Attributes:
        title: what it shows, in the viewer's words; unique in its dashboard.
        note: the definition a viewer may ask for, shown beside the title. ``{target}`` in it is
            the target of the first metric that is a KPI with one, ``{target of npl_ratio}`` that of
            the NPL ratio.
        subtitle: a line under a headline's number; it may hold ``{target}``, too.
        type: how it is drawn; a ``strip`` is one row of metrics that the time filter leaves alone.
        mart: the mart it reads.
        metrics: metrics of the mart, in order; bars of a combo.
        lines: metrics drawn as lines over the bars of a combo.
        by: columns it is split by: categories of a bar, groups of a table, series elsewhere.
        time: the date column the dashboard's time filter acts on.
        grain: length of a period on the time axis.
        filters: fixed conditions.
        sort: metric or column that orders rows; default the first metric.
        ascending: smallest first.
        limit: rows or categories shown at most.
        compare: periods back the headline's change is measured against.
        compare_label: what that period is called.
        stacked: series on top of each other.
        show_values: numbers at the bars.
        log_axis: logarithmic value axis; a combo has lines in the place of its bars then.
        axis_from: lower end of the value axis; default 0 for bars, the data's for lines.
        axis_to: upper end of the value axis.
        colours: rules for the cells of a table.
        text_width: pixels after which the texts of a table are cut.
        y: the column down the side of a heatmap; ``by`` holds the one along the top.
    """

    title: str
    note: str = ""
    subtitle: str = ""
    type: ChartType
    mart: str
    metrics: list[str] = Field(min_length=1)
    lines: list[str] = []
    by: list[str] = []
    time: str
    grain: Grain | None = None
    filters: list[Filter] = []
    sort: str | None = None
    ascending: bool = False
    limit: int | None = None
    compare: int | None = None
    compare_label: str = ""
    stacked: bool = False
    show_values: bool = False
    log_axis: bool = False
    axis_from: float | None = None
    axis_to: float | None = None
    colours: list[ColourRule] = []
    text_width: int | None = None
    y: str | None = None

    @property
    def all_metrics(self) -> list[str]:
        return [*self.metrics, *self.lines]

    @property
    def splits(self) -> list[str]:
        """The columns it is split by, both sides of a heatmap."""
        return [*self.by, *([self.y] if self.y else [])]

    @property
    def columns(self) -> list[str]:
        """Every column the chart names, the time column among them."""
        return [
            self.time,
            *self.splits,
            *(entry.column for entry in self.filters),
        ]


class Placed(Written):
    """A chart in a row: its title and its width in twelfths of the page."""

    chart: str
    width: int = Field(ge=2, le=ROW_WIDTH)


class Tile(Written):
    """The standard tile of a KPI: value, change, trend and target, with its formula as note.

    Attributes:
        kpi: its code.
        title: default its name in the catalogue.
        grain: whether the last complete month or the last day is shown.
        axis_from: lower end of the trend's axis; default 0.
        width: in twelfths of the page; default an even share of what is left.
    """

    kpi: str
    title: str | None = None
    grain: Literal["month", "day"] = "month"
    axis_from: float | None = None
    width: int | None = Field(default=None, ge=2, le=ROW_WIDTH)


class Row(Written):
    """Charts side by side; ``height`` in grid units of 8 pixels.

    Once the definitions are loaded there are no tiles any more: each is a chart by its title.
    """

    height: int = Field(ge=8, le=120)
    charts: list[Placed | Tile | str] = Field(min_length=1)

    @property
    def placed(self) -> list[Placed]:
        """The charts with their widths; those without one share what is left evenly."""
        taken = sum(entry.width for entry in self.charts if isinstance(entry, Placed))
        open_ended = sum(isinstance(entry, str) for entry in self.charts)
        share = (ROW_WIDTH - taken) // open_ended if open_ended else 0
        return [
            entry if isinstance(entry, Placed) else Placed(chart=entry, width=max(share, 2))
            for entry in self.charts
        ]


class Section(Written):
    """A titled group of rows; the strip of a dashboard stands in one without a title."""

    title: str
    rows: list[Row] = Field(min_length=1)


class DashboardFilter(Written):
    """A choice of values above the charts; acts on every chart whose mart has the column.

    Of a section it reaches every chart or none; the titles of those it leaves alone say so.
    """

    title: str
    mart: str
    column: str


class Dashboard(Written):
    """One dashboard.

    Attributes:
        title: its name.
        slug: its address and the folder of its charts.
        position: its place in the list of dashboards.
        description: what it answers, for whom.
        owner: who answers for it.
        filters: choices beside the time filter, which every dashboard has.
        sections: charts by title, in reading order.
        label_colours: colours that mean something, by name of a metric or value of a split.
    """

    title: str
    slug: str
    position: int
    description: str
    owner: str
    filters: list[DashboardFilter] = []
    sections: list[Section] = Field(min_length=1)
    label_colours: dict[str, str] = {}

    @property
    def rows(self) -> list[Row]:
        return [row for section in self.sections for row in section.rows]

    @property
    def chart_titles(self) -> list[str]:
        return [placed.chart for row in self.rows for placed in row.placed]


@dataclass(frozen=True)
class Definitions:
    """Everything under ``superset/``.

    Attributes:
        dashboards: in their order of display.
        charts: by dashboard slug and title, tiles of KPIs among them.
        files: the file of each chart that has one; a tile has none.
    """

    dashboards: list[Dashboard]
    charts: dict[tuple[str, str], Chart]
    files: dict[tuple[str, str], Path]

    def charts_of(self, dashboard: Dashboard) -> list[Chart]:
        """Charts of a dashboard in reading order; those that have no file are left out."""
        keys = [(dashboard.slug, title) for title in dashboard.chart_titles]
        return [self.charts[key] for key in keys if key in self.charts]


def slugify(title: str) -> str:
    """A title as a file name: ``LTV / CAC by source`` -> ``ltv-cac-by-source``."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
