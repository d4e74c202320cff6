"""How recent the data are is measured when a dashboard is opened, by whoever opens it."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest
import yaml

from finhouse.dashboards.bundle import NO_CACHE, build_assets, chart_identifier
from finhouse.dashboards.loading import STRIP
from finhouse.dashboards.queries import queries_of
from tests.dashboards.conftest import Stage, on_duckdb
from tests.dashboards.test_roles import ask, chart_request
from tests.support.superset import rows_of

pytestmark = pytest.mark.full


def ask_for(stage: Stage, slug: str, title: str, **changes: Any) -> list[dict[str, Any]]:
    """Rows of a dashboard's chart, as a viewer sees it now."""
    [dashboard] = [entry for entry in stage.definitions.dashboards if entry.slug == slug]
    chart = stage.definitions.charts[slug, title]
    body = {
        "datasource": {"id": stage.dataset_id(chart.mart), "type": "table"},
        "queries": [query | changes for query in queries_of(chart, stage.catalog[chart.mart])],
        "form_data": {
            "slice_id": stage.serving.chart_ids[chart_identifier(dashboard, chart)],
            "dashboardId": stage.serving.dashboard_ids[slug],
        },
    }
    return rows_of(ask(stage.client("viewer"), body))


def strips(stage: Stage) -> dict[str, dict[str, Any]]:
    """The one row of each dashboard's strip."""
    found = {}
    for dashboard in stage.definitions.dashboards:
        [found[dashboard.slug]] = ask_for(stage, dashboard.slug, STRIP)
    return found


@contextmanager
def older(stage: Stage, hours: int) -> Iterator[None]:
    """What is published, as it will look when nothing is published for so many hours."""
    change = "update {}data_recency set built_at = built_at - interval '{} hours'"
    if stage.target == "postgres":
        stage.house.execute_warehouse(change.format("published.", hours), stage.target)
        yield
        stage.house.execute_warehouse(change.format("published.", -hours), stage.target)
        return
    published = stage.settings.published_path
    kept, changed = published.with_name("kept.duckdb"), published.with_name("changed.duckdb")
    shutil.copy2(published, kept)
    shutil.copy2(published, changed)
    with duckdb.connect(str(changed)) as connection:
        connection.execute(change.format("published.", hours))
    changed.replace(published)
    try:
        yield
    finally:
        kept.replace(published)


def test_every_dashboard_is_red_when_nothing_was_published_for_two_days(stage: Stage):
    """No cache is cleared between: the strip is measured anew for everyone who opens a page."""
    for row in strips(stage).values():
        assert row["build_state"] == "ok" and 0 <= row["build_age"] < 47, row
        assert row["published_at"] is not None
    with older(stage, 48):
        for slug, row in strips(stage).items():
            assert row["build_state"] == "late" and row["build_age"] >= 48, (slug, row)
    assert {row["build_state"] for row in strips(stage).values()} == {"ok"}


def test_a_strip_tells_of_the_domains_of_its_dashboard(stage: Stage):
    shown = strips(stage)
    days = dict(
        stage.published("select domain, cast(as_of_date as varchar) from published.data_recency")
    )
    assert shown["operations"]["data_until"] == f"Wallet to {days['wallet']}"
    assert shown["loan-performance"]["data_until"] == f"Microfinance to {days['microfinance']}"
    for day in days.values():
        assert day in shown["executive"]["data_until"]


@on_duckdb
def test_what_is_an_age_is_kept_in_no_cache_and_left_alone_by_the_period(stage: Stage):
    assets = {
        path: yaml.safe_load(text)
        for path, text in build_assets(stage.definitions, stage.catalog, "duckdb://").items()
    }
    for dashboard in stage.definitions.dashboards:
        path = f"charts/{dashboard.slug}/how-recent-the-data-are.yaml"
        assert assets[path]["cache_timeout"] == NO_CACHE
        built = assets[f"dashboards/{dashboard.slug}.yaml"]
        [number] = [
            part["meta"]["chartId"]
            for part in built["position"].values()
            if isinstance(part, dict) and part.get("meta", {}).get("sliceName") == STRIP
        ]
        period = built["metadata"]["native_filter_configuration"][0]
        assert period["scope"]["excluded"] == [number]
    assert assets["charts/data-quality/late-tables.yaml"]["cache_timeout"] == NO_CACHE
    assert assets["charts/executive/scorecard.yaml"]["cache_timeout"] is None


def test_what_is_published_holds_the_tests_of_its_own_build(stage: Stage):
    """Only one build was made of this house: on the first day its tests are there."""
    [(last, builds)] = stage.house.rows(
        "select max(run_started_at), count(distinct invocation_id) from raw_operations.dbt_results "
        "where resource_type = 'test'",
        stage.target,
    )
    [(shown, passed)] = stage.published(
        "select max(run_started_at), count(*) filter (where is_passed) "
        "from published.dbt_test_history"
    )
    assert builds >= 1 and shown == last and passed > 100


@pytest.mark.parametrize("time_range", ["Last quarter", "previous calendar month", "Last 60 days"])
def test_relative_periods_count_from_the_data(stage: Stage, time_range: str):
    """The demo company's data end long before today."""
    for user in ("viewer", "analyst"):
        rows = rows_of(ask(stage.client(user), chart_request(stage, time_range=time_range)))
        months = [row["month_start"] for row in rows]
        assert months, (user, time_range)
        every = rows_of(ask(stage.client(user), chart_request(stage)))
        assert len(months) < len(every) and max(months) == max(r["month_start"] for r in every)


def test_moments_of_the_pipeline_count_from_the_clock(stage: Stage):
    """The build was made today, whatever day its data speak for."""
    [(passed,)] = stage.published(
        "select count(*) filter (where is_passed) from published.dbt_test_history"
    )
    rows = ask_for(stage, "data-quality", "Test results by build", time_range="Current year")
    assert sum(row["passed_count"] for row in rows) == passed


def test_what_a_viewer_downloads_is_what_the_chart_shows(stage: Stage):
    asked = chart_request(stage)
    shown = rows_of(ask(stage.client("viewer"), asked))
    answer = ask(stage.client("viewer"), asked | {"result_format": "csv"})
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["Content-Type"].startswith("text/csv")
    downloaded = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(downloaded) == len(shown)
    values = [float(row["Monthly transaction volume"]) for row in downloaded]
    assert values == pytest.approx([row["monthly_transaction_volume"] for row in shown])


def test_dashboards_are_listed_by_position_with_their_owners(stage: Stage):
    query = "(order_column:changed_on_delta_humanized,order_direction:desc,page_size:100)"
    listed = stage.client("viewer").get(f"/api/v1/dashboard/?q={query}").json()["result"]
    wanted = stage.definitions.dashboards
    assert [entry["slug"] for entry in listed] == [dashboard.slug for dashboard in wanted]
    owners = [[owner["first_name"] for owner in entry["owners"]] for entry in listed]
    assert owners == [[dashboard.owner] for dashboard in wanted]
