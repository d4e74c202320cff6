"""The DAGs as Airflow reads them: whole, well-behaved, light; and alerts that arrive."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from finhouse.errors import SourceError
from finhouse.orchestration.alerts import deadline_missed, task_failed
from finhouse.orchestration.names import ANNOUNCEMENT_POOL, WRITER_POOL
from finhouse.sources import available_sources, read_source
from finhouse.telling import ALERT_URL
from tests.support.airflow import airflow_environment, run_module

WRITES = {"freshness_gate", "build", "publish"}


@pytest.fixture(scope="module")
def bag(company, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What Airflow makes of the DAG folder, beside a warehouse whose models are known."""
    home = tmp_path_factory.mktemp("airflow")
    result = run_module("tests.support.dag_bag", env=airflow_environment(company, home))
    return json.loads(result.stdout[result.stdout.index('{"seconds"') :])


def tasks_of(bag: dict, dag_id: str) -> dict[str, dict]:
    return bag["dags"][dag_id]["tasks"]


def test_every_source_has_its_dag_and_all_import(bag: dict):
    assert bag["import_errors"] == {}
    assert set(bag["dags"]) == {
        *(f"extract_load_{name}" for name in available_sources()),
        "near_real_time_wallet",
        "pulse",
        "pulse_by_hand",
        "round_watch",
        "transform",
    }


def test_reading_the_dags_costs_little(bag: dict):
    """Each task process reads its DAG file: no engine and no driver may come with it."""
    print(f"the DAG folder is read in {bag['seconds']:.1f} s")
    assert bag["heavy_modules"] == []


@pytest.mark.parametrize("name", available_sources())
def test_an_el_dag_has_a_task_per_table_in_its_group(bag: dict, name: str):
    definition = read_source(name)
    tasks = tasks_of(bag, f"extract_load_{name}")
    for unit in definition.load_units:
        task = tasks[f"{unit.group}.{unit.name}"]
        assert task["pool"] == WRITER_POOL
        referring = {
            f"{other.group}.{other.name}"
            for other in definition.load_units
            if unit.name in other.references
        }
        assert set(task["upstream"]) == referring
    loads = {f"{unit.group}.{unit.name}" for unit in definition.load_units}
    assert set(tasks["reconcile"]["upstream"]) == loads
    assert set(tasks["announce"]["upstream"]) == {*loads, "reconcile"}
    assert tasks["announce"]["pool"] == ANNOUNCEMENT_POOL


def test_the_transform_shows_every_model_as_dbt_orders_them(bag: dict, company):
    tasks = tasks_of(bag, "transform")
    sensors = {name: task for name, task in tasks.items() if task["operator"] == "ModelSensor"}
    manifest = json.loads((company.settings().dbt_output / "manifest.json").read_text())
    models = {k: node for k, node in manifest["nodes"].items() if k.startswith("model.")}
    ids = {k: f"{node['fqn'][1]}.{node['name']}" for k, node in models.items()}
    assert set(sensors) == set(ids.values())
    for unique_id, node in models.items():
        parents = {ids[p] for p in node["depends_on"]["nodes"] if p in ids}
        assert set(sensors[ids[unique_id]]["upstream"]) == (parents or {"freshness_gate"})
    assert tasks["publish"]["upstream"] == ["build"]
    assert {name for name, task in tasks.items() if task["pool"] == WRITER_POOL} == WRITES


def test_micro_batches_are_an_option(bag: dict):
    paused = {dag_id for dag_id, dag in bag["dags"].items() if dag["paused"]}
    assert paused == {"near_real_time_wallet"}


def test_every_dag_behaves(bag: dict):
    for dag_id, dag in bag["dags"].items():
        assert dag["tags"] and dag["doc"] and dag["deadline"], dag_id
        assert not dag["catchup"] and dag["max_active_runs"] == 1, dag_id
        # The grid shows a DAG only when its groups have an order.
        assert set(dag["order"]) == set(dag["tasks"]), dag_id
        for task_id, task in dag["tasks"].items():
            assert task["owner"] == "data-platform", task_id
            assert task["timeout"], task_id
            if task["operator"] != "ModelSensor":
                assert task["retries"] == 3 and task["alerts"], task_id


class Webhook:
    """An HTTP server that keeps what is posted to it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        texts = self.texts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                texts.append(json.loads(body)["text"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch):
    server = Webhook()
    monkeypatch.setenv(ALERT_URL, server.url)
    yield server
    server.close()


CONTEXT = {
    "task_instance": SimpleNamespace(
        dag_id="extract_load_wallet",
        task_id="core.users",
        run_id="manual__1",
        try_number=4,
        log_url="http://localhost/log",
    ),
    "exception": SourceError("the OLTP database does not answer", "start it"),
}


def test_a_failed_task_is_told_with_its_reason_and_remedy(webhook: Webhook):
    task_failed(CONTEXT)
    [text] = webhook.texts
    for part in (
        "extract_load_wallet",
        "core.users",
        "after try 4",
        "the OLTP database does not answer",
        "Remedy: start it",
        "docs/how-to/operations.md",
        "http://localhost/log",
    ):
        assert part in text


def test_a_missed_deadline_is_told(webhook: Webhook):
    asyncio.run(deadline_missed(dag_id="transform", minutes=120, context={"dag_run": None}))
    assert "transform: a run is not finished 120 minutes after" in webhook.texts[0]


def test_an_unreachable_webhook_hides_nothing(webhook: Webhook, caplog):
    webhook.close()
    task_failed(CONTEXT)
    assert "the OLTP database does not answer" in caplog.text
    assert "could not be posted" in caplog.text
