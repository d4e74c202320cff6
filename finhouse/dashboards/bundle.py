"""Everything Superset imports: database, datasets, charts and dashboards, as its asset files.

Identifiers are made from names, so that a re-import meets what it made before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from finhouse.dashboards.catalog import LAST_YEAR_SUFFIX, TARGET_SUFFIX, Column, Dataset, Metric
from finhouse.dashboards.charts import CATEGORICAL, currency_of, form_of
from finhouse.dashboards.definitions import (
    Chart,
    Dashboard,
    DashboardFilter,
    Definitions,
    slugify,
)
from finhouse.dashboards.inside.viewer_request import SHOWN_WHERE
from finhouse.dashboards.layout import position_of
from finhouse.dashboards.queries import queries_of
from finhouse.dashboards.reach import marked, reaches
from finhouse.publish import PUBLISHED_SCHEMA

DATABASE_NAME = "finhouse"
VERSION = "1.0.0"
# Superset's word for a result that is not kept.
NO_CACHE = -1
NAMESPACE = uuid5(NAMESPACE_URL, "https://finhouse.invalid/superset")
# dbt's types as both engines and Superset know them.
COLUMN_TYPES = {
    "string": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "bigint": "BIGINT",
}


def identifier(kind: str, *names: str) -> str:
    """The UUID of a database, dataset, chart or dashboard, made from its names."""
    return str(uuid5(NAMESPACE, "/".join((kind, *names))))


DATABASE_UUID = identifier("database", DATABASE_NAME)


def chart_identifier(dashboard: Dashboard, chart: Chart) -> str:
    """The UUID of a chart on its dashboard."""
    return identifier("chart", dashboard.slug, slugify(chart.title))


def build_assets(
    definitions: Definitions, catalog: Mapping[str, Dataset], reader_uri: str
) -> dict[str, str]:
    """Asset files by path, as ``ImportAssetsCommand`` of Superset takes them.

    Args:
        definitions: checked definitions (see ``check``).
        catalog: datasets by mart; those with a row per person are left out.
        reader_uri: SQLAlchemy address of the published marts, for a reader.
    """
    assets: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": VERSION, "type": "assets"},
        f"databases/{DATABASE_NAME}.yaml": _database(reader_uri),
    }
    for mart, dataset in catalog.items():
        if not dataset.is_personal:
            assets[f"datasets/{DATABASE_NAME}/{mart}.yaml"] = _dataset(dataset)
    for dashboard in definitions.dashboards:
        for chart in definitions.charts_of(dashboard):
            path = f"charts/{dashboard.slug}/{slugify(chart.title)}.yaml"
            assets[path] = _chart(dashboard, chart, catalog[chart.mart])
        assets[f"dashboards/{dashboard.slug}.yaml"] = _dashboard(dashboard, definitions, catalog)
    return {
        path: yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        for path, content in assets.items()
    }


def _database(reader_uri: str) -> dict[str, Any]:
    return {
        "database_name": DATABASE_NAME,
        "sqlalchemy_uri": reader_uri,
        "uuid": DATABASE_UUID,
        "version": VERSION,
        "is_managed_externally": True,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {"allows_virtual_table_explore": True, "engine_params": {}},
    }


def _dataset(dataset: Dataset) -> dict[str, Any]:
    times = dataset.time_columns
    return {
        "table_name": dataset.mart,
        "schema": PUBLISHED_SCHEMA,
        "description": dataset.description,
        "main_dttm_col": times[0] if times else None,
        "sql": None,
        "params": None,
        "extra": {
            "certification": {"certified_by": "dbt", "details": "Published after all tests."},
            SHOWN_WHERE: dataset.shown_where,
        },
        "filter_select_enabled": True,
        "uuid": identifier("dataset", dataset.mart),
        "version": VERSION,
        "database_uuid": DATABASE_UUID,
        "is_managed_externally": True,
        "columns": [_column(column) for column in dataset.columns.values()],
        "metrics": [_metric(metric) for metric in dataset.metrics.values()],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "column_name": column.name,
        "verbose_name": column.label,
        "description": column.description,
        "type": COLUMN_TYPES.get(column.data_type, column.data_type.upper()),
        "expression": column.expression,
        "is_dttm": column.is_temporal,
        "is_active": True,
        "groupby": True,
        "filterable": True,
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "metric_name": metric.name,
        "verbose_name": metric.label,
        "description": metric.description,
        "expression": metric.expression,
        "d3format": metric.d3_format,
        "currency": currency_of(metric),
        "metric_type": None,
    }


def _chart(dashboard: Dashboard, chart: Chart, dataset: Dataset) -> dict[str, Any]:
    form = form_of(chart, dataset)
    return {
        "slice_name": chart.title,
        "description": chart.note or None,
        "viz_type": form["viz_type"],
        # The importer puts the dataset's id in both.
        "params": {"datasource": "0__table", **form},
        "query_context": json.dumps(
            {
                "datasource": {"id": 0, "type": "table"},
                "force": False,
                "queries": queries_of(chart, dataset),
                "form_data": {"datasource": "0__table", **form},
                "result_format": "json",
                "result_type": "full",
            }
        ),
        "cache_timeout": _cache_seconds(chart, dataset),
        "uuid": chart_identifier(dashboard, chart),
        "version": VERSION,
        "dataset_uuid": identifier("dataset", chart.mart),
        "is_managed_externally": True,
    }


def _cache_seconds(chart: Chart, dataset: Dataset) -> int | None:
    """An age is measured anew for everyone who looks; else a result is kept as configured."""
    return NO_CACHE if any(dataset.metrics[name].is_age for name in chart.all_metrics) else None


def _dashboard(
    dashboard: Dashboard, definitions: Definitions, catalog: Mapping[str, Dataset]
) -> dict[str, Any]:
    charts = definitions.charts_of(dashboard)
    identifiers = {chart.title: chart_identifier(dashboard, chart) for chart in charts}
    position = position_of(marked(dashboard, definitions, catalog), identifiers)
    numbers = {
        part["meta"]["sliceName"]: part["meta"]["chartId"]
        for part in position.values()
        if isinstance(part, dict) and part["type"] == "CHART"
    }
    strips = [numbers[chart.title] for chart in charts if chart.type == "strip"]
    filters = [_time_filter(dashboard, strips)]
    for choice in dashboard.filters:
        untouched = [
            numbers[chart.title] for chart in charts if not reaches(choice, chart, catalog)
        ]
        touched = [catalog[c.mart] for c in charts if numbers[c.title] not in untouched]
        filters.append(_choice_filter(dashboard, choice, untouched, _small_cells(touched)))
    return {
        "dashboard_title": dashboard.title,
        "description": dashboard.description,
        "slug": dashboard.slug,
        "css": CSS + "".join(_hover(chart) for chart in charts if chart.note),
        "uuid": identifier("dashboard", dashboard.slug),
        "version": VERSION,
        "is_managed_externally": True,
        "published": True,
        "certified_by": dashboard.owner,
        "certification_details": "Reads published marts only.",
        "position": position,
        "metadata": {
            "native_filter_configuration": filters,
            "filter_bar_orientation": "HORIZONTAL",
            "color_scheme": CATEGORICAL,
            "label_colors": LABEL_COLOURS
            | _colours_beside_kpis(catalog[chart.mart] for chart in charts)
            | dashboard.label_colours,
            "cross_filters_enabled": False,
            "expanded_slices": {},
            "refresh_frequency": 0,
            "chart_configuration": {},
        },
    }


# Colours that mean the same on every dashboard.
TARGET_COLOUR = "#e0a030"
LAST_YEAR_COLOUR = "#a0a0a0"
_BESIDE_A_KPI = {TARGET_SUFFIX: TARGET_COLOUR, LAST_YEAR_SUFFIX: LAST_YEAR_COLOUR}
LABEL_COLOURS = {"Complete": "#1f6f8b", "Not complete": "#8fb8c9"}

# Denser than Superset's own: what matters is in sight on a laptop. The warning sign only says that
# a top ten has ten rows. The export is offered to everyone and refused to viewers; a dashboard that
# comes from the code is exported from there. A chart's note appears where its title is pointed at.
# On a phone the page is laid out for 1100 pixels, so that a tile is as wide as a hand-held screen
# has room for two, and rows are broken; what is wider than the screen is moved sideways.
CSS = """
.grid-content > .dragdroppable-row { margin-bottom: 10px; }
.dashboard-component-header.header-style-option {
  font-size: 15px; font-weight: 600; padding: 4px 0; margin: 0;
}
.dashboard-component-chart-holder { padding: 10px 14px; }
.superset-legacy-chart-big-number .kicker { font-size: 12px !important; line-height: 1.3; }
.header-controls .anticon-warning, .chart-header .anticon-warning { display: none; }
[data-test=slice-header] { position: relative; }
[data-test=slice-header]:hover::after {
  position: absolute; top: 100%; left: 0; right: 0; padding: 6px 10px; border-radius: 4px;
  white-space: normal; font-size: 12px; font-weight: 400; line-height: 1.4; color: #fff;
  background: #1f2a37; pointer-events: none; z-index: 20;
}
:is(.dragdroppable, .resizable-container, .grid-row):has([data-test=slice-header]:hover) {
  position: relative; z-index: 30;
}
.chart-slice, .dashboard-component-chart-holder { overflow: visible; }
@media (max-width: 600px) {
  .dashboard-content, .grid-container { overflow-x: hidden; }
  .grid-container > div { min-width: 1100px; }
  .grid-content { width: calc(100vw - 16px); }
  .grid-row { flex-wrap: wrap; row-gap: 10px; width: calc(100vw - 16px); }
  .grid-row > * { max-width: 100%; overflow-x: auto; }
}
[data-menu-id$="-export-yaml"],
.ant-dropdown-menu-item-divider:has(+ [data-menu-id$="-export-yaml"]) { display: none !important; }
"""


def _hover(chart: Chart) -> str:
    """The chart's note where its title is pointed at, or touched."""
    return (
        f"[data-test-chart-name={_css_text(chart.title)}] [data-test=slice-header]:hover::after "
        f"{{ content: {_css_text(chart.note)}; }}\n"
    )


def _css_text(text: str) -> str:
    """A string of CSS. Superset takes what looks like a tag out of it, so no angle is left."""
    escaped = re.sub(r'["\\<>&\n]', lambda match: f"\\{ord(match[0]):x} ", text)
    return f'"{escaped}"'


def _colours_beside_kpis(datasets: Iterable[Dataset]) -> dict[str, str]:
    """All targets and last years of the datasets, drawn or not: one label stands for all of them in
    the browser, and Superset goes from the label back to the name of any."""
    return {
        name: colour
        for dataset in datasets
        for name in dataset.metrics
        for suffix, colour in _BESIDE_A_KPI.items()
        if name.endswith(suffix)
    }


def _time_filter(dashboard: Dashboard, untouched: list[int]) -> dict[str, Any]:
    return {
        "id": f"NATIVE_FILTER-{dashboard.slug}-period",
        "name": "Period",
        "filterType": "filter_time",
        "type": "NATIVE_FILTER",
        "targets": [{}],
        "controlValues": {"enableEmptyFilter": False},
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": untouched},
        "description": (
            "Acts on every chart. Last, previous and current count from the last complete day of "
            "the data."
        ),
    }


def _small_cells(datasets: Iterable[Dataset]) -> str:
    """What a viewer is told where what he chooses can leave too few customers."""
    about_customers = [dataset for dataset in datasets if dataset.shown_where]
    if not about_customers:
        return ""
    fewest = about_customers[0].minimum_cell_size
    return f"Values of fewer than {fewest} customers are not shown."


def _choice_filter(
    dashboard: Dashboard, choice: DashboardFilter, untouched: list[int], description: str
) -> dict[str, Any]:
    return {
        "id": f"NATIVE_FILTER-{dashboard.slug}-{slugify(choice.title)}",
        "name": choice.title,
        "filterType": "filter_select",
        "type": "NATIVE_FILTER",
        "targets": [
            {"datasetUuid": identifier("dataset", choice.mart), "column": {"name": choice.column}}
        ],
        "controlValues": {
            "multiSelect": True,
            "enableEmptyFilter": False,
            "defaultToFirstItem": False,
            "inverseSelection": False,
            "searchAllOptions": False,
            "sortAscending": True,
        },
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": untouched},
        "description": description,
    }
