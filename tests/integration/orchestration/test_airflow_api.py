"""The commands' side of Airflow's REST API, where Airflow stumbles."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from finhouse.errors import ServiceError
from finhouse.orchestration import api as airflow_api
from finhouse.orchestration import local
from finhouse.orchestration.api import AirflowApi
from finhouse.orchestration.local import LocalAirflow
from finhouse.settings import Settings


class Stumbling(BaseHTTPRequestHandler):
    """Takes runs as Airflow does; before that, answers each call with what ``faults`` says.

    A fault is a status to refuse with, ``lost`` for an order that is taken and not answered, or
    ``silent`` for one that is neither.
    """

    faults: ClassVar[list[int | str]] = []
    runs: ClassVar[list[str]] = []
    beats: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Health: what ``beats`` says of the scheduler, the last of it for ever."""
        beat = self.beats.pop(0) if len(self.beats) > 1 else self.beats[0]
        self._answer(200, {"scheduler": {"status": beat}, "triggerer": {"status": "healthy"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            self._answer(201, {"access_token": "a token"})
            return
        fault = self.faults.pop(0) if self.faults else None
        run_id = body["dag_run_id"]
        if isinstance(fault, int):
            self._answer(fault, {"detail": {"reason": "Database error"}})
        elif fault != "silent" and run_id in self.runs:
            self._answer(409, {"detail": {"reason": "Unique constraint violation"}})
        elif fault is None:
            self.runs.append(run_id)
            self._answer(200, {"dag_run_id": run_id})
        elif fault == "lost":
            self.runs.append(run_id)

    def _answer(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(airflow_api, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(Stumbling, "faults", [])
    monkeypatch.setattr(Stumbling, "runs", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Stumbling) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def api(port: int) -> AirflowApi:
    return AirflowApi(f"http://127.0.0.1:{port}", "admin", "a password")


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [500],
        [503, 500],
        ["silent"],
        ["lost"],
        ["lost", 500],
        ["silent", "lost"],
        [500] * (airflow_api.TRIES - 1),
    ],
    ids=str,
)
def test_an_order_starts_one_run_whatever_becomes_of_the_calls(api: AirflowApi, faults: list):
    Stumbling.faults.extend(faults)
    assert [api.trigger("a_dag")] == Stumbling.runs


def test_two_orders_start_two_runs(api: AirflowApi):
    assert [api.trigger("a_dag"), api.trigger("a_dag")] == Stumbling.runs


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([400], "refused .*: 400"),
        ([404], "refused .*: 404"),
        ([500] * airflow_api.TRIES, "refused .*: 500 .*Database error"),
        (["silent"] * airflow_api.TRIES, "does not answer"),
    ],
)
def test_an_order_that_is_not_taken_is_an_error(api: AirflowApi, faults: list, said: str):
    Stumbling.faults.extend(faults)
    with pytest.raises(ServiceError, match=said):
        api.trigger("a_dag")
    assert Stumbling.runs == []


@pytest.fixture
def running(port: int, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> LocalAirflow:
    """An Airflow whose processes live."""
    monkeypatch.setattr(local, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(local, "_ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(LocalAirflow, "is_running", lambda _: True)
    monkeypatch.setattr(LocalAirflow, "stop", lambda _: pytest.fail("it was stopped"))
    airflow = LocalAirflow(settings)
    airflow.home.mkdir(parents=True)
    (airflow.home / "port").write_text(str(port))
    return airflow


def test_a_part_that_missed_a_beat_has_not_ended(
    running: LocalAirflow, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Stumbling, "beats", ["unhealthy", "unhealthy", "healthy"])
    running.start()
    assert Stumbling.beats == ["healthy"]


def test_a_part_that_beats_no_more_has_ended(
    running: LocalAirflow, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Stumbling, "beats", ["unhealthy"])
    with pytest.raises(ServiceError, match="a part of Airflow has ended"):
        running.run_all(timeout=1)
