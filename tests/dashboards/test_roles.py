"""What each role may not do, tried as that user through the REST API."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
import requests

from finhouse.dashboards.bundle import chart_identifier
from finhouse.dashboards.charts import queries_of
from finhouse.dashboards.readers import ROLE, reader_uri
from finhouse.dashboards.serving import superset_server
from tests.dashboards.conftest import Stage
from tests.support.superset import Client, rows_of

pytestmark = pytest.mark.full

REFUSED = {401, 403, 404, 422}


def chart_request(stage: Stage, **changes: Any) -> dict[str, Any]:
    """The request a dashboard makes for its chart Volume, with changes to its first query."""
    dashboard = stage.definitions.dashboards[0]
    chart = stage.definitions.charts[dashboard.slug, "Volume"]
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


OF_ONES_OWN = {
    "SQL as a metric": {
        "metrics": [{"expressionType": "SQL", "sqlExpression": "max(value)", "label": "most"}]
    },
    "another metric": {"metrics": ["mau"]},
    "another column": {"columns": ["kpi_code"]},
    "SQL as a column": {
        "columns": [{"expressionType": "SQL", "sqlExpression": "target", "label": "target"}]
    },
    "SQL as a filter": {"extras": {"where": "value > 1000", "having": ""}},
    "SQL as an order": {
        "orderby": [[{"expressionType": "SQL", "sqlExpression": "1", "label": "one"}, True]]
    },
    "annotations from elsewhere": {
        "annotation_layers": [
            {
                "annotationType": "EVENT",
                "sourceType": "line",
                "value": 1,
                "name": "x",
                "show": True,
                "showMarkers": False,
            }
        ]
    },
}


@pytest.mark.parametrize("what", OF_ONES_OWN)
def test_viewer_may_not_ask_for(stage: Stage, what: str):
    body = chart_request(stage, **OF_ONES_OWN[what])
    assert ask(stage.client("viewer"), body).status_code in REFUSED


@pytest.mark.parametrize(
    "change",
    [
        {"result_type": "samples"},
        {"result_type": "drill_detail"},
        {"result_type": "query"},
        {"result_format": "csv"},
        {"result_format": "xlsx"},
        {"form_data": {}},
    ],
    ids=str,
)
def test_viewer_may_not_take_rows_home(stage: Stage, change: dict[str, Any]):
    answer = ask(stage.client("viewer"), chart_request(stage) | change)
    assert answer.status_code in REFUSED, answer.text[:300]


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
    body["queries"][0]["columns"] = ["value_text"]
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


def run_sql(stage: Stage, client: Client, sql: str) -> requests.Response:
    [database] = stage.client("admin").everything("database")
    return client.post(
        "/api/v1/sqllab/execute/",
        {"database_id": database["id"], "sql": sql, "schema": "published", "runAsync": False},
    )


def test_analyst_reads_the_marts(stage: Stage):
    answer = run_sql(stage, stage.client("analyst"), "select count(*) as n from kpi_scorecard")
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
        answer = run_sql(stage, stage.client("analyst"), sql)
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
