"""Static check, without any server: dashboard -> chart -> mart -> column, and the house's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from finhouse.dashboards.bundle import build_assets
from finhouse.dashboards.catalog import WORDS_SUFFIX, Dataset
from finhouse.dashboards.definitions import (
    ROW_WIDTH,
    Chart,
    Dashboard,
    DashboardFilter,
    Definitions,
    slugify,
)
from finhouse.dashboards.queries import OVER_TIME
from finhouse.dashboards.reach import half_reached
from finhouse.dashboards.rules import misleading, needs_words
from finhouse.yaml_text import parse_yaml


def findings(definitions: Definitions, catalog: Mapping[str, Dataset]) -> list[str]:
    """Everything wrong with the definitions, one sentence each; empty when all is well."""
    found = [*_orphans(definitions)]
    for dashboard in definitions.dashboards:
        found += [f"dashboard {dashboard.slug}: {text}" for text in _dashboard(dashboard)]
        found += [
            f"dashboard {dashboard.slug}: {text}"
            for text in _filters(dashboard, definitions, catalog)
        ]
    for (slug, title), chart in definitions.charts.items():
        file = definitions.files.get((slug, title))
        if file and file.stem != slugify(title):
            found.append(f"chart {slug}/{file.name}: its title wants {slugify(title)}.yaml")
        name = f"chart {slug}/{file.name}" if file else f"dashboard {slug}: tile {title!r}"
        found += [f"{name}: {text}" for text in _chart(chart, catalog)]
    # Assets are made of sound definitions only: a missing mart has been named above.
    return found or _assets(definitions, catalog)


def _orphans(definitions: Definitions) -> Iterator[str]:
    slugs = {dashboard.slug: dashboard for dashboard in definitions.dashboards}
    for (slug, title), file in definitions.files.items():
        if slug not in slugs:
            yield f"chart {slug}/{file.name}: there is no dashboard {slug}"
        elif title not in slugs[slug].chart_titles:
            yield f"chart {slug}/{file.name}: no row of dashboard {slug} shows {title!r}"
    for dashboard in definitions.dashboards:
        for title in dashboard.chart_titles:
            if (dashboard.slug, title) not in definitions.charts:
                yield (
                    f"dashboard {dashboard.slug}: chart {title!r} has no file "
                    f"charts/{dashboard.slug}/{slugify(title)}.yaml"
                )
    for what in ("slug", "position", "title"):
        values = Counter(getattr(dashboard, what) for dashboard in definitions.dashboards)
        yield from (
            f"{count} dashboards have the {what} {value}"
            for value, count in values.items()
            if count > 1
        )


def _dashboard(dashboard: Dashboard) -> Iterator[str]:
    for title, count in Counter(dashboard.chart_titles).items():
        if count > 1:
            yield f"chart {title!r} is placed {count} times"
    for row in dashboard.rows:
        width = sum(placed.width for placed in row.placed)
        if width != ROW_WIDTH:
            titles = ", ".join(placed.chart for placed in row.placed)
            yield f"the row of {titles} is {width} of {ROW_WIDTH} columns wide"


def _filters(
    dashboard: Dashboard, definitions: Definitions, catalog: Mapping[str, Dataset]
) -> Iterator[str]:
    charts = definitions.charts_of(dashboard)
    for choice in dashboard.filters:
        if choice.mart not in catalog or choice.column not in catalog[choice.mart].columns:
            yield f"filter {choice.title!r}: there is no column {choice.mart}.{choice.column}"
        elif choice.mart not in {chart.mart for chart in charts}:
            yield f"filter {choice.title!r}: no chart of the dashboard reads {choice.mart}"
        elif needs_words(catalog[choice.mart].columns[choice.column], catalog[choice.mart]):
            yield f"filter {choice.title!r} offers codes: filter on {choice.column}{WORDS_SUFFIX}"
        for mart in sorted({chart.mart for chart in charts}):
            if mart in catalog and choice.column in catalog[mart].columns:
                yield from _people(choice, catalog[mart])
    if all(chart.mart in catalog for chart in charts):
        yield from half_reached(dashboard, definitions, catalog)


def _people(choice: DashboardFilter, dataset: Dataset) -> Iterator[str]:
    if dataset.people is None and not dataset.is_personal:
        yield (
            f"filter {choice.title!r} acts on mart {dataset.mart}, which does not say whom "
            "its rows are about: state `people` in its meta, or `people: none`"
        )


def _chart(chart: Chart, catalog: Mapping[str, Dataset]) -> Iterator[str]:
    dataset = catalog.get(chart.mart)
    if dataset is None:
        yield f"there is no mart {chart.mart}"
        return
    if dataset.is_personal:
        yield f"mart {chart.mart} has a row per person: read a mart of totals"
        return
    yield from _names(chart, dataset)
    yield from _shape(chart)
    if chart.time in dataset.columns and not dataset.columns[chart.time].is_temporal:
        yield f"its time column {chart.time} is no date: the time filter would not act on it"
    for entry in chart.filters:
        if len(entry.comparisons) != 1:
            yield f"the filter on {entry.column} must have exactly one comparison"
    if set(chart.columns) <= set(dataset.columns) and set(chart.all_metrics) <= set(
        dataset.metrics
    ):
        yield from misleading(chart, dataset)


def _names(chart: Chart, dataset: Dataset) -> Iterator[str]:
    for column in chart.columns:
        if column in dataset.personal_columns:
            yield f"column {column} of mart {dataset.mart} is personal data"
        elif column not in dataset.columns:
            yield f"mart {dataset.mart} has no column {column}"
        elif not dataset.columns[column].description:
            yield f"column {dataset.mart}.{column} has no description"
    for name in chart.all_metrics:
        if name not in dataset.metrics:
            yield (
                f"mart {dataset.mart} has no metric {name}; it has: "
                f"{', '.join(sorted(dataset.metrics)) or 'none'}"
            )
            continue
        metric = dataset.metrics[name]
        if not metric.label or not metric.description:
            yield f"metric {dataset.mart}.{name} has no label or no description"
        for column in metric.per:
            pinned = {entry.column for entry in chart.filters if entry.equals is not None}
            if not {column, column + WORDS_SUFFIX} & {*chart.by, chart.y, *pinned}:
                yield f"metric {name} needs a split by {column}, or a filter on one value of it"
    if chart.sort and chart.sort not in {*dataset.metrics, *chart.by}:
        yield f"it is sorted by {chart.sort}, which is neither a metric nor a column it shows"
    for rule in chart.colours:
        if len(rule.model_fields_set - {"column", "colour"} - {"target"}) != 1:
            yield f"the colour rule on {rule.column} must have exactly one condition"
        if rule.column not in {*chart.metrics, *chart.by}:
            yield f"a colour rule names {rule.column}, which the chart does not show"


def _shape(chart: Chart) -> Iterator[str]:
    """What each type of chart needs."""
    if chart.type in OVER_TIME and chart.grain is None:
        yield f"a {chart.type} over time needs a grain"
    if chart.type == "combo" and not chart.lines:
        yield "a combo needs lines"
    if chart.type != "combo" and chart.lines:
        yield f"a {chart.type} has no lines; use a combo"
    if chart.type in ("bar", "heatmap", "table") and not chart.by:
        yield f"a {chart.type} needs `by`"
    if chart.type == "heatmap" and not chart.y:
        yield "a heatmap needs y"
    if chart.type in ("headline", "number", "heatmap") and len(chart.metrics) > 1:
        yield f"a {chart.type} shows one metric"


def _assets(definitions: Definitions, catalog: Mapping[str, Dataset]) -> list[str]:
    """What only the finished assets can tell: identifiers, and the time filter of every query."""
    found = []
    assets = {
        path: parse_yaml(text)
        for path, text in build_assets(definitions, catalog, "duckdb://").items()
    }
    seen: dict[str, str] = {}
    for path, content in assets.items():
        uuid = content.get("uuid")
        if uuid in seen:
            found.append(f"{path} and {seen[uuid]} have the same identifier")
        if uuid:
            seen[uuid] = path
        if path.startswith("charts/") and not any(
            entry["operator"] == "TEMPORAL_RANGE" for entry in content["params"]["adhoc_filters"]
        ):
            found.append(f"{path}: the dashboard's time filter does not act on it")
    return found
