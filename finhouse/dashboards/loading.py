"""Reads the definitions under ``superset/``, and completes them from the KPI catalogue.

The tiles that dashboards place become charts; ``{target}`` in a text and ``target`` in a colour
rule become what the catalogue says; above each dashboard stands a strip that says how recent its
data are. Nothing after this knows of any of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from finhouse.dashboards.catalog import LAST_YEAR_SUFFIX, TARGET_SUFFIX, kpi_of
from finhouse.dashboards.definitions import (
    DEFINITIONS,
    Chart,
    ColourRule,
    Dashboard,
    Definitions,
    Filter,
    Placed,
    Row,
    Section,
    Tile,
    Written,
)
from finhouse.dashboards.selection import Belongings, read_belongings
from finhouse.dbt.kpis import Kpi, read_kpis
from finhouse.errors import ConfigurationError
from finhouse.publish import RECENCY
from finhouse.settings import PROJECT_ROOT
from finhouse.yaml_text import parse_yaml

DBT_PROJECT = PROJECT_ROOT / "dbt_project"


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
        chart = with_last_year(with_targets(_read(path, Chart), kpis, path))
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
    belongings = read_belongings(dbt_project)
    for place, dashboard in enumerate(dashboards):
        keys = [(dashboard.slug, title) for title in dashboard.chart_titles]
        strip = strip_of([charts[key] for key in keys if key in charts], belongings)
        charts[dashboard.slug, strip.title] = strip
        dashboards[place] = _under(strip, dashboard)
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
        # The change of a rate would be percent of a percent; the scorecard has it in points.
        compare=None if kpi.unit == "rate" else compare,
        compare_label="" if kpi.unit == "rate" else compare_label,
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


STRIP, STRIP_HEIGHT = "How recent the data are", 17


def strip_of(charts: list[Chart], belongings: Belongings) -> Chart:
    """The strip above a dashboard of these charts: their domains, or all where one is of none."""
    domains = [belongings.domains_of(chart) for chart in charts]
    among = sorted(set().union(*domains)) if all(domains) else []
    return Chart(
        title=STRIP,
        note=(
            "The last complete day of each business, and the build that this page shows. Red when "
            "no newer one has been published for too long. Ages are measured when the page is "
            "opened; the period above does not act on this line."
        ),
        type="strip",
        mart=RECENCY,
        metrics=["build_state", "data_until", "published_at", "build_age"],
        time="built_at",
        grain="second",
        filters=[Filter(column="domain", among=among)] if among else [],
        colours=[ColourRule(column="build_state", equals="late", colour="bad")],
    )


def _under(strip: Chart, dashboard: Dashboard) -> Dashboard:
    above = Section(title="", rows=[Row(height=STRIP_HEIGHT, charts=[strip.title])])
    return dashboard.model_copy(update={"sections": [above, *dashboard.sections]})


_TARGET = re.compile(r"\{target(?: of (\w+))?\}")
# By the operator a target is met with: the side of it that misses it.
_MISSED = {"<": "at_least", "<=": "above", ">": "at_most", ">=": "below"}


def with_targets(chart: Chart, kpis: Mapping[str, Kpi], path: Path) -> Chart:
    """A chart whose texts and colour rules hold the targets of the KPI catalogue.

    Raises:
        ConfigurationError: a KPI that is named has no target, or, for a colour, more than one; or
            the steps of one that is drawn need a logarithmic axis.
    """

    for name in chart.all_metrics:
        if name.endswith(TARGET_SUFFIX) and kpi_of(name) in kpis and not chart.log_axis:
            _refuse_crushed(kpis[kpi_of(name)], path)

    def told(match: re.Match[str]) -> str:
        if match[1]:
            kpi = _kpi(match[1], kpis, path)
        else:
            kpi = next((kpis[m] for m in chart.metrics if m in kpis and kpis[m].steps), None)
        if kpi is None or not kpi.steps:
            raise ConfigurationError(
                f"{path} says {match[0]}, and "
                + (f"KPI {kpi.code} has no target" if kpi else "no metric is a KPI with a target"),
                "name a KPI with a target: {target of npl_ratio}, or leave it out",
            )
        return kpi.target_text

    return chart.model_copy(
        update={
            "note": _TARGET.sub(told, chart.note),
            "subtitle": _TARGET.sub(told, chart.subtitle),
            "colours": [_coloured(rule, kpis, path) for rule in chart.colours],
        }
    )


# Beside a step so many times as high, what is below the first one is a line on the floor.
_CRUSHING = 10


def _refuse_crushed(kpi: Kpi, path: Path) -> None:
    targets = [step.target for step in kpi.steps if step.target > 0]
    if targets and max(targets) >= _CRUSHING * min(targets):
        raise ConfigurationError(
            f"{path} draws the target of KPI {kpi.code}, whose steps go from {min(targets):,} to "
            f"{max(targets):,}, on a linear axis",
            "give the chart `log_axis: true`",
        )


def with_last_year(chart: Chart) -> Chart:
    """A chart of one monthly KPI, with the line of its same months last year."""
    values = {kpi_of(name) for name in chart.all_metrics}
    if (chart.mart, chart.grain) != ("kpi_monthly", "month") or len(values) > 1 or chart.by:
        return chart
    [code] = values
    if chart.type == "combo":
        return chart.model_copy(update={"lines": [*chart.lines, code + LAST_YEAR_SUFFIX]})
    if chart.type == "line":
        return chart.model_copy(update={"metrics": [*chart.metrics, code + LAST_YEAR_SUFFIX]})
    return chart


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
        content: Any = parse_yaml(path.read_text(encoding="utf-8"))
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
