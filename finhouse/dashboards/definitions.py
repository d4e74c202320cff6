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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finhouse.dbt.kpis import Kpi, read_kpis
from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT

DEFINITIONS = PROJECT_ROOT / "superset"
DBT_PROJECT = PROJECT_ROOT / "dbt_project"
ROW_WIDTH = 12

ChartType = Literal[
    "headline", "number", "line", "area", "column", "combo", "bar", "table", "heatmap"
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
            the target of the first metric that is a KPI with one, ``{target of par_30}`` that of
            PAR 30.
        subtitle: a line under a headline's number; it may hold ``{target}``, too.
        type: how it is drawn.
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
        log_axis: logarithmic value axis.
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
    def columns(self) -> list[str]:
        """Every column the chart names, the time column among them."""
        return [
            self.time,
            *self.by,
            *([self.y] if self.y else []),
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
    """A titled group of rows."""

    title: str
    rows: list[Row] = Field(min_length=1)


class DashboardFilter(Written):
    """A choice of values above the charts; acts on every chart whose mart has the column."""

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


def load_definitions(folder: Path = DEFINITIONS, dbt_project: Path = DBT_PROJECT) -> Definitions:
    """Read all dashboards and charts, and make the tiles of KPIs.

    Args:
        folder: where they are written.
        dbt_project: has the KPI catalogue, for tiles and targets.

    Raises:
        ConfigurationError: a file is no YAML, or does not say what a chart or dashboard must say,
            or names a KPI or a target that the catalogue does not have.
    """
    kpis = read_kpis(dbt_project)
    dashboards: list[Dashboard] = []
    charts: dict[tuple[str, str], Chart] = {}
    files: dict[tuple[str, str], Path] = {}
    for path in sorted((folder / "charts").glob("*/*.yaml")):
        chart = with_targets(_read(path, Chart), kpis, path)
        key = (path.parent.name, chart.title)
        if key in charts:
            raise ConfigurationError(
                f"{path} and {files[key]} both define the chart {chart.title!r}",
                "give one of them another title",
            )
        charts[key], files[key] = chart, path
    for path in sorted((folder / "dashboards").glob("*.yaml")):
        dashboard, tiles = _with_tiles(_read(path, Dashboard), kpis, path)
        for chart in tiles:
            key = (dashboard.slug, chart.title)
            if key in charts:
                raise ConfigurationError(
                    f"{path} has a KPI's tile {chart.title!r}, and {files.get(key, path)} a chart "
                    "of that title",
                    "give one of them another title",
                )
            charts[key] = chart
        dashboards.append(dashboard)
    return Definitions(sorted(dashboards, key=lambda d: d.position), charts, files)


# What a tile reads, by its grain: mart, time column, and what the change is measured against.
_TILES: dict[str, tuple[str, str, int, str]] = {
    "month": ("kpi_monthly", "month_start", 1, "on the month before"),
    "day": ("kpi_daily", "date_day", 7, "on a week before"),
}


def tile_of(tile: Tile, kpi: Kpi) -> Chart:
    """The chart of a KPI's tile; what is not in the tile comes from the catalogue."""
    mart, time, compare, compare_label = _TILES[tile.grain]
    formula = f"{kpi.formula[:1].upper()}{kpi.formula[1:]}."
    return Chart(
        title=tile.title or kpi.name,
        note=f"{formula} Target {kpi.target_text}." if kpi.steps else formula,
        subtitle=f"Target {kpi.target_text}" if kpi.target is not None else "",
        type="headline",
        mart=mart,
        metrics=[kpi.code],
        time=time,
        grain=tile.grain,
        filters=[Filter(column="is_complete_period", equals=True)],
        compare=compare,
        compare_label=compare_label,
        axis_from=tile.axis_from,
    )


def _with_tiles(
    dashboard: Dashboard, kpis: Mapping[str, Kpi], path: Path
) -> tuple[Dashboard, list[Chart]]:
    """A dashboard whose tiles are charts by title, and these charts."""
    charts: list[Chart] = []

    def placed(entry: Placed | Tile | str) -> Placed | str:
        if not isinstance(entry, Tile):
            return entry
        chart = tile_of(entry, _kpi(entry.kpi, kpis, path))
        charts.append(chart)
        return Placed(chart=chart.title, width=entry.width) if entry.width else chart.title

    sections = [
        section.model_copy(
            update={
                "rows": [
                    row.model_copy(update={"charts": [placed(entry) for entry in row.charts]})
                    for row in section.rows
                ]
            }
        )
        for section in dashboard.sections
    ]
    return dashboard.model_copy(update={"sections": sections}), charts


_TARGET = re.compile(r"\{target(?: of (\w+))?\}")
# By the operator a target is met with: the side of it that misses it.
_MISSED = {"<": "at_least", "<=": "above", ">": "at_most", ">=": "below"}


def with_targets(chart: Chart, kpis: Mapping[str, Kpi], path: Path) -> Chart:
    """A chart whose texts and colour rules hold the targets of the KPI catalogue.

    Raises:
        ConfigurationError: a KPI that is named has no target, or, for a colour, more than one.
    """

    def told(match: re.Match[str]) -> str:
        if match[1]:
            kpi = _kpi(match[1], kpis, path)
        else:
            kpi = next((kpis[m] for m in chart.metrics if m in kpis and kpis[m].steps), None)
        if kpi is None or not kpi.steps:
            raise ConfigurationError(
                f"{path} says {match[0]}, and "
                + (f"KPI {kpi.code} has no target" if kpi else "no metric is a KPI with a target"),
                "name a KPI with a target: {target of par_30}, or leave it out",
            )
        return kpi.target_text

    return chart.model_copy(
        update={
            "note": _TARGET.sub(told, chart.note),
            "subtitle": _TARGET.sub(told, chart.subtitle),
            "colours": [_coloured(rule, kpis, path) for rule in chart.colours],
        }
    )


def _coloured(rule: ColourRule, kpis: Mapping[str, Kpi], path: Path) -> ColourRule:
    """A colour rule with the number its target is."""
    if rule.target is None:
        return rule
    kpi = _kpi(rule.target, kpis, path)
    if kpi.target is None:
        raise ConfigurationError(
            f"{path} colours {rule.column} by the target of KPI {kpi.code}, which has "
            f"{len(kpi.steps) or 'no'} target steps",
            "colour by a KPI whose one target holds from launch",
        )
    bound = _MISSED[kpi.target_operator]
    return rule.model_copy(update={"target": None, bound: float(kpi.target)})


def _kpi(code: str, kpis: Mapping[str, Kpi], path: Path) -> Kpi:
    if code not in kpis:
        raise ConfigurationError(
            f"{path} names the KPI {code}, which is not in the catalogue",
            "correct the code; dbt_project/seeds/kpi/kpi_catalogue_entries.csv lists all",
        )
    return kpis[code]


Model = TypeVar("Model", bound=Written)


def _read(path: Path, model: type[Model]) -> Model:
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return model.model_validate(content)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML: {error}", "correct the file") from error
    except ValidationError as error:
        findings = "; ".join(
            f"{'.'.join(str(part) for part in finding['loc']) or 'file'}: {finding['msg']}"
            for finding in error.errors()
        )
        raise ConfigurationError(
            f"{path} does not describe a {model.__name__.lower()}: {findings}",
            "docs/how-to/dashboards.md lists what may be written",
        ) from error
