"""What each role may not do, tried as that user through the REST API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
import requests

from finhouse.access_log import collect
from finhouse.dashboards.bundle import chart_identifier
from finhouse.dashboards.queries import queries_of
from finhouse.dashboards.readers import ROLE, reader_uri
from finhouse.dashboards.serving import superset_server
from finhouse.warehouse import open_warehouse
from tests.dashboards.conftest import Stage, on_duckdb
from tests.support.superset import Client, rows_of

pytestmark = pytest.mark.full

REFUSED = {400, 401, 403, 404, 422}


def chart_request(stage: Stage, title: str = "Volume", **changes: Any) -> dict[str, Any]:
    """The request the first dashboard makes for a chart, with changes to its first query."""
    dashboard = stage.definitions.dashboards[0]
    chart = stage.definitions.charts[dashboard.slug, title]
    query = queries_of(chart, stage.catalog[chart.mart])[0] | changes
    return {
        "datasource": {"id": stage.dataset_id(chart.mart), "type": "table"},
        "queries": [query],
        "result_format": "json",
        "result_type": "full",
        "form_data": {
            "slice_id": stage.serving.chart_ids[chart_identifier(dashboard, chart)],
            "dashboardId": stage.serving.dashboard_ids[dashboard.slug],
        },
    }


def ask(client: Client, body: dict[str, Any]) -> requests.Response:
    return client.post("/api/v1/chart/data", body)


def test_viewer_gets_a_chart_of_a_dashboard(stage: Stage):
    rows = rows_of(ask(stage.client("viewer"), chart_request(stage)))
    assert rows and all(row["monthly_transaction_volume"] is not None for row in rows)


SQL = {"expressionType": "SQL", "sqlExpression": "max(value)", "label": "most"}
HOSTILE = (
    SQL,
    [SQL],
    [[SQL, True]],
    ["kpi_code"],
    [{"col": SQL, "op": "IN", "val": ["x"]}, {"col": "value", "op": ">", "val": 0}],
    {"where": "value > 1000", "having": "1 = 1", "time_grain_sqla": "P1D"},
    {"columns": ["kpi_code"], "filters": [{"col": "kpi_code", "op": "!=", "val": "x"}]},
    "samples",
    "drill_detail",
    "csv",
    "100 years ago : now",
    10**9,
    True,
    None,
)


def hostile_values(stage: Stage) -> Sequence[Any]:
    """All; on Postgres SQL alone, as what rebuilds a query does not know the engine."""
    return HOSTILE if stage.target == "duckdb" else [SQL, [SQL]]


def fields(stage: Stage, schema: str) -> list[str]:
    """Fields of a request as the server itself describes them."""
    described = stage.client("admin").get("/api/v1/_openapi").json()
    return sorted(described["components"]["schemas"][schema]["properties"])


def assert_the_chart_or_a_refusal(stage: Stage, body: dict[str, Any], rows: list) -> None:
    answer = ask(stage.client("viewer"), body)
    if answer.status_code in REFUSED:
        return
    assert answer.status_code == 200, (body, answer.text[:300])
    if body.get("result_format") in ("csv", "xlsx"):
        # What is downloaded is compared in test_recency.
        return
    results = answer.json()["result"]
    assert [result["data"] for result in results] == [rows], body


@on_duckdb
def test_viewer_gets_the_chart_or_nothing_whatever_is_in_the_query(stage: Stage):
    """Every field of a query with every hostile value; a grain of time alone is the viewer's."""
    rows = rows_of(ask(stage.client("viewer"), chart_request(stage)))
    names = fields(stage, "ChartDataQueryObject")
    assert len(names) > 25 and {"columns", "extras", "result_type"} <= set(names)
    for name in names:
        for value in hostile_values(stage):
            if name == "extras" and isinstance(value, dict) and "time_grain_sqla" in value:
                continue
            assert_the_chart_or_a_refusal(stage, chart_request(stage, **{name: value}), rows)


@on_duckdb
def test_viewer_gets_the_chart_or_nothing_whatever_is_around_the_query(stage: Stage):
    rows = rows_of(ask(stage.client("viewer"), chart_request(stage)))
    names = fields(stage, "ChartDataQueryContextSchema")
    assert {"datasource", "result_type", "result_format", "form_data"} <= set(names)
    body = chart_request(stage)
    for value in hostile_values(stage):
        for name in names:
            assert_the_chart_or_a_refusal(stage, body | {name: value}, rows)
        for name in ("tooltip_contents", "extra_form_data", "adhoc_filters", "datasource", "url"):
            form_data = body["form_data"] | {name: value}
            assert_the_chart_or_a_refusal(stage, body | {"form_data": form_data}, rows)


def test_viewer_may_choose_time_and_grain(stage: Stage):
    every = rows_of(ask(stage.client("viewer"), chart_request(stage)))
    months = [row["month_start"] for row in every]
    asked = chart_request(stage, time_range="2026-01-01 : 2026-03-01")
    assert len(rows_of(ask(stage.client("viewer"), asked))) == 2 < len(months)
    by_year = chart_request(stage, extras={"time_grain_sqla": "P1Y"})
    assert len(rows_of(ask(stage.client("viewer"), by_year))) < len(months)


def test_viewer_may_choose_a_value_of_the_dashboards_filter(stage: Stage):
    chosen = {"col": "owner", "op": "IN", "val": ["Risk"]}
    asked = chart_request(stage, "Targets", filters=[chosen])
    shown = {row["kpi_name"] for row in rows_of(ask(stage.client("viewer"), asked))}
    of_risk = {
        name
        for (name,) in stage.published(
            "select kpi_name from published.kpi_catalogue where owner = 'Risk'"
        )
    }
    assert shown and shown <= of_risk
    others = rows_of(ask(stage.client("viewer"), chart_request(stage, "Targets")))
    assert len(others) > len(shown)


@pytest.mark.parametrize("kind", ["samples", "query", "drill_detail", "columns", "timegrains"])
def test_viewer_gets_the_stored_chart_in_no_other_way(stage: Stage, kind: str):
    number = chart_request(stage)["form_data"]["slice_id"]
    answer = stage.client("viewer").get(f"/api/v1/chart/{number}/data/?type={kind}&format=csv")
    assert answer.status_code in REFUSED, answer.text[:300]


def test_a_chart_an_analyst_left_without_its_query_is_refused(stage: Stage):
    """What a viewer cannot be shown is a refusal, not an error of the server."""
    admin = stage.client("admin")
    made = admin.post(
        "/api/v1/chart/",
        {
            "slice_name": "Without a query",
            "datasource_id": stage.dataset_id("kpi_monthly"),
            "datasource_type": "table",
            "viz_type": "table",
            "params": "{}",
            "dashboards": [stage.serving.dashboard_ids["executive"]],
        },
    )
    try:
        body = chart_request(stage)
        body["form_data"]["slice_id"] = made.json()["id"]
        for answer in (
            ask(stage.client("viewer"), body),
            stage.client("viewer").get(f"/api/v1/chart/{made.json()['id']}/data/"),
        ):
            assert 400 <= answer.status_code < 500, answer.text[:300]
    finally:
        admin.delete(f"/api/v1/chart/{made.json()['id']}")


def test_viewer_filter_offers_its_own_column_only(stage: Stage):
    dashboard = stage.definitions.dashboards[0]
    [choice] = [entry for entry in dashboard.filters if entry.title == "KPI owner"]
    body = {
        "datasource": {"id": stage.dataset_id(choice.mart), "type": "table"},
        "queries": [{"columns": [choice.column], "metrics": [], "filters": [], "orderby": []}],
        "result_format": "json",
        "result_type": "full",
        "form_data": {
            "type": "NATIVE_FILTER",
            "native_filter_id": "NATIVE_FILTER-executive-kpi-owner",
            "dashboardId": stage.serving.dashboard_ids[dashboard.slug],
        },
    }
    offered = {row[choice.column] for row in rows_of(ask(stage.client("viewer"), body))}
    assert offered == {
        owner for (owner,) in stage.published("select distinct owner from published.kpi_catalogue")
    }
    for change in ({"columns": ["value_text"]}, {"metrics": [SQL]}, {"filters": [SQL]}):
        asked = body | {"queries": [body["queries"][0] | change]}
        assert {
            row[choice.column] for row in rows_of(ask(stage.client("viewer"), asked))
        } == offered
    body["form_data"]["native_filter_id"] = "NATIVE_FILTER-nosuch"
    assert ask(stage.client("viewer"), body).status_code in REFUSED


VIEWER_REFUSED = {
    "SQL Lab": ("post", "/api/v1/sqllab/execute/", {"database_id": 1, "sql": "select 1"}),
    "databases": ("get", "/api/v1/database/1", None),
    "a dataset": ("get", "/api/v1/dataset/1", None),
    "a new dataset": ("post", "/api/v1/dataset/", {"database": 1, "table_name": "dim_users"}),
    "a new chart": (
        "post",
        "/api/v1/chart/",
        {"slice_name": "x", "datasource_id": 1, "datasource_type": "table", "viz_type": "table"},
    ),
    "editing a dashboard": ("put", "/api/v1/dashboard/1", {"dashboard_title": "mine"}),
    "deleting a dashboard": ("delete", "/api/v1/dashboard/1", None),
    "exporting dashboards": ("get", "/api/v1/dashboard/export/?q=!(1)", None),
    "exporting charts": ("get", "/api/v1/chart/export/?q=!(1)", None),
    "all assets": ("get", "/api/v1/assets/export/", None),
    "users": ("get", "/api/v1/security/users/", None),
    "roles": ("get", "/api/v1/security/roles/", None),
}


def call(client: Client, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
    return getattr(client, method)(path, *([] if body is None else [body]))


@pytest.mark.parametrize("what", VIEWER_REFUSED)
def test_viewer_is_refused(stage: Stage, what: str):
    answer = call(stage.client("viewer"), *VIEWER_REFUSED[what])
    assert answer.status_code in REFUSED, answer.text[:300]


def test_viewer_lists_dashboards_and_no_data(stage: Stage):
    viewer = stage.client("viewer")
    seen = {entry["slug"] for entry in viewer.everything("dashboard")}
    assert seen == {dashboard.slug for dashboard in stage.definitions.dashboards}
    for kind in ("dataset", "database"):
        answer = viewer.get(f"/api/v1/{kind}/")
        assert answer.status_code in REFUSED or answer.json()["count"] == 0


def test_analyst_reads_the_marts(stage: Stage):
    answer = stage.run_sql("analyst", "select count(*) as n from kpi_scorecard")
    assert answer.status_code == 200, answer.text[:300]
    [(count,)] = stage.published("select count(*) from published.kpi_scorecard")
    assert answer.json()["data"] == [{"n": count}]


WRITES = [
    "create table published.mine as select 1 as x",
    "drop table published.kpi_scorecard",
    "delete from published.kpi_scorecard",
    "update published.kpi_scorecard set value = 0",
]
BEYOND = {
    "duckdb": [
        "select * from read_text('/etc/hostname')",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/*')",
        "attach '/tmp/elsewhere.duckdb' as elsewhere",
        "copy kpi_scorecard to '/tmp/taken.csv'",
        "set enable_external_access = true",
        "install httpfs",
    ],
    "postgres": [
        "select * from raw_wallet.users",
        "select * from marts.kpi_scorecard",
        "select * from staging.stg_wallet__users",
        "select pg_read_file('/etc/hostname')",
        "select rolpassword from pg_authid",
        "set default_transaction_read_only = off; delete from published.kpi_scorecard",
    ],
}


def test_analyst_neither_writes_nor_leaves_the_marts(stage: Stage):
    for sql in [*WRITES, *BEYOND[stage.target]]:
        answer = stage.run_sql("analyst", sql)
        assert answer.status_code >= 400, f"{sql}: {answer.text[:300]}"
    assert stage.published("select count(*) from published.kpi_scorecard")[0][0]


ANALYST_REFUSED = {
    "users": ("get", "/api/v1/security/users/", None),
    "a new database": (
        "post",
        "/api/v1/database/",
        {"database_name": "x", "sqlalchemy_uri": "sqlite://"},
    ),
    "editing a dashboard of the code": ("put", "/api/v1/dashboard/1", {"dashboard_title": "mine"}),
    "deleting a dashboard of the code": ("delete", "/api/v1/dashboard/1", None),
}


@pytest.mark.parametrize("what", ANALYST_REFUSED)
def test_analyst_is_refused(stage: Stage, what: str):
    answer = call(stage.client("analyst"), *ANALYST_REFUSED[what])
    assert answer.status_code in REFUSED, answer.text[:300]


def test_nobody_is_refused_everything(stage: Stage):
    url = stage.serving.url
    assert requests.get(f"{url}/api/v1/chart/", timeout=30).status_code in REFUSED
    assert requests.get(f"{url}/api/v1/dashboard/", timeout=30).status_code in REFUSED
    wrong = {"username": "admin", "password": "admin", "provider": "db"}
    answer = requests.post(f"{url}/api/v1/security/login", json=wrong, timeout=30)
    assert answer.status_code == 401


def test_page_lets_nothing_of_others_in(stage: Stage):
    policy = requests.get(f"{stage.serving.url}/login/", timeout=30).headers[
        "Content-Security-Policy"
    ]
    assert "https:" not in policy and "http:" not in policy and "*" not in policy
    assert "script-src 'self' 'strict-dynamic' 'nonce-" in policy


def test_secrets_are_the_owners_alone(stage: Stage):
    home = superset_server(stage.settings).home
    secrets = [home / "secret_key", *(home / "passwords").iterdir()]
    if stage.target == "postgres":
        secrets.append(home / "reader_password")
    assert len(secrets) >= 4
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
    assert not (home / "bundle.json").exists()


def test_postgres_reader_keeps_to_its_schema_after_a_publication(stage: Stage):
    if stage.target != "postgres":
        pytest.skip("DuckDB has no roles: its readers have a file of their own")
    stage.house.succeed("--target", "postgres", "publish")
    uri = reader_uri(stage.settings, superset_server(stage.settings).home)
    with psycopg.connect(uri.replace("+psycopg2", ""), autocommit=True) as reader:
        assert reader.execute("select current_user").fetchone() == (ROLE,)
        assert reader.execute("select count(*) from published.kpi_scorecard").fetchone()[0]
        for schema in ("raw_wallet", "staging", "intermediate", "marts", "raw_operations"):
            [allowed] = reader.execute(
                "select has_schema_privilege(%s, 'usage')", (schema,)
            ).fetchone()
            assert not allowed, schema


def test_what_an_analyst_reads_by_sql_or_explores_is_counted(stage: Stage):
    """Customer-level marts are in no dataset: SQL Lab is the way to them."""
    counted = (
        "select channel, user_name, mart_name, access_count"
        " from raw_operations.access_log_daily where user_name = 'analyst'"
    )

    url = stage.house.server.url("warehouse") if stage.target == "postgres" else None

    def reads() -> Counter:
        with open_warehouse(stage.settings, url) as warehouse:
            collect(stage.settings, warehouse)
            return Counter({row[:-1]: row[-1] for row in warehouse.execute(counted)})

    before = reads()
    assert stage.run_sql("analyst", "select count(*) from published.dim_users").ok
    body = {
        "datasource": {"id": stage.dataset_id("kpi_catalogue"), "type": "table"},
        "queries": [{"columns": ["kpi_code"], "metrics": [], "row_limit": 1}],
        "result_format": "json",
        "result_type": "full",
    }
    assert rows_of(ask(stage.client("analyst"), body))
    assert reads() - before == {
        ("sql_lab", "analyst", "dim_users"): 1,
        ("dashboards", "analyst", "kpi_catalogue"): 1,
    }
