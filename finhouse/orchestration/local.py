"""A local Airflow, whole and hermetic: `make airflow`."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from finhouse.background import BackgroundServer, free_port
from finhouse.console import console
from finhouse.dbt.process import run_dbt
from finhouse.errors import ConfigurationError, ServiceError, TransformError
from finhouse.orchestration.model_graph import write_model_graph
from finhouse.orchestration.names import (
    ANNOUNCEMENT_POOL,
    TRANSFORM_DAG,
    WRITER_POOL,
    extract_load_dag_id,
    writer_slots,
)
from finhouse.settings import PROJECT_ROOT, Settings
from finhouse.sources import available_sources

USER = "admin"
PASSWORD = "FINHOUSE_AIRFLOW_PASSWORD"
PREFERRED_PORT = 8080
START_SECONDS = 300
_POLL_SECONDS = 2.0
_ANSWER_SECONDS = 30
# Of a question that gets no answer: a busy machine is slow at times.
_TRIES = 5
_ENDED = ("success", "failed")
_BIN = Path(sys.executable).parent
_AIRFLOW = str(_BIN / "airflow")


@dataclass(frozen=True)
class DagRun:
    """How one run ended: ``success`` or ``failed``, and its failed tasks."""

    dag_id: str
    run_id: str
    state: str
    seconds: float
    failed_tasks: tuple[str, ...] = ()


def show_models(settings: Settings) -> None:
    """Let the transform DAG show the models as the project has them now.

    Raises:
        TransformError: dbt cannot parse the project.
    """
    if run_dbt(settings, ["parse", "--quiet"]):
        raise TransformError("dbt cannot parse the project", "fix what its message above names")
    write_model_graph(settings)


class LocalAirflow:
    """Airflow of its own home, on loopback, with SQLite as its metadata database.

    Args:
        settings: names the home, the target, and the databases the tasks use.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.home = settings.airflow_home
        self._server = BackgroundServer(self.home, "Airflow")
        self._port_file = self.home / "port"
        self._passwords = self.home / "passwords.json"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port_file.read_text()}"

    @property
    def password(self) -> str:
        return json.loads(self._passwords.read_text())[USER]

    def is_running(self) -> bool:
        """Whether the process that was started lives; its parts may not."""
        return self._server.is_running()

    def start(self) -> None:
        """Bring Airflow up, or say that it is up already.

        Raises:
            ConfigurationError: Airflow is not installed in this environment.
            ServiceError: it does not come up.
        """
        if importlib.util.find_spec("airflow.dag_processing") is None:
            raise ConfigurationError("Airflow is not installed here", "run `make airflow`")
        if self.is_running():
            if self._is_whole():
                return
            # `standalone` goes on without a part of it that was killed, and starts none again.
            console.print("  Airflow is running, but a part of it has ended: restarting it")
            self.stop()
        self.home.mkdir(parents=True, exist_ok=True)
        self._write_password()
        self._port_file.write_text(str(free_port(PREFERRED_PORT, "Airflow")))
        show_models(self._settings)
        # It migrates its metadata itself; tasks of a pool wait until there is one.
        self._server.start(
            [_AIRFLOW, "standalone"],
            self.environment(),
            self._is_ready,
            START_SECONDS,
        )
        slots = writer_slots(self._settings.target)
        AirflowApi(self.url, USER, self.password).set_pools(
            {
                WRITER_POOL: (slots, "tasks that may write the warehouse at once"),
                ANNOUNCEMENT_POOL: (1, "announcements of loads, one after the other"),
            }
        )

    def _is_whole(self) -> bool:
        """Whether all parts of a running Airflow beat, by its own account; it may answer late."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while (health := self._health()) is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return bool(health) and _all_beat(health)

    def stop(self) -> None:
        """End Airflow; its metadata and logs stay."""
        self._server.stop()

    def environment(self, env: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Environment of Airflow's processes; what ``env`` says as ``AIRFLOW__...`` wins."""
        port = self._port_file.read_text() if self._port_file.exists() else str(PREFERRED_PORT)
        defaults = {
            "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "airflow" / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.home / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self._passwords),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": port,
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return (
            defaults
            | dict(env)
            | {
                "AIRFLOW_HOME": str(self.home),
                "FINHOUSE_HOME": str(self._settings.home),
                "FINHOUSE_LANDING": str(self._settings.landing),
                "FINHOUSE_TARGET": self._settings.target,
                # standalone starts its parts by name
                "PATH": f"{_BIN}{os.pathsep}{env.get('PATH', '')}",
            }
        )

    def run_all(self, timeout: float) -> list[DagRun]:
        """Run a round of its own: every extract-load DAG, and the transform that follows them.

        Whatever else runs or is announced meanwhile belongs to other rounds.

        Args:
            timeout: seconds for all of it.

        Returns:
            The runs that ended; without a transform when a load failed, for then none is fired.

        Raises:
            ServiceError: Airflow does not answer, or a run does not end in time.
        """
        if not self.is_running():
            raise ServiceError("Airflow does not run", "start it: make airflow")
        if not self._is_whole():
            raise ServiceError(
                "a part of Airflow has ended (scheduler, triggerer or DAG processor)",
                "run `make airflow`, which restarts it",
            )
        api = AirflowApi(self.url, USER, self.password)
        deadline = time.monotonic() + timeout
        loads = [extract_load_dag_id(name) for name in available_sources()]
        _until(lambda: set(api.dag_ids()) >= {*loads, TRANSFORM_DAG}, deadline, "its DAGs")
        of_round = f"by hand {datetime.now(UTC):%Y-%m-%d %H:%M:%S} {secrets.token_hex(3)}"
        started = [(dag_id, api.trigger(dag_id, {"round": of_round})) for dag_id in loads]
        ended = [self._finished(api, dag_id, run_id, deadline) for dag_id, run_id in started]
        if all(run.state == "success" for run in ended):
            run_id = _until(
                lambda: api.run_of_round(TRANSFORM_DAG, of_round), deadline, "the transform to fire"
            )
            ended.append(self._finished(api, TRANSFORM_DAG, run_id, deadline))
        return ended

    def _finished(self, api: AirflowApi, dag_id: str, run_id: str, deadline: float) -> DagRun:
        run = _until(
            lambda: found if (found := api.run(dag_id, run_id))["state"] in _ENDED else None,
            deadline,
            f"{dag_id}, run {run_id}",
        )
        return DagRun(
            dag_id,
            run_id,
            run["state"],
            run["duration"] or 0.0,
            tuple(api.failed_tasks(dag_id, run_id)),
        )

    def _is_ready(self) -> bool:
        health = self._health()
        return bool(health) and _all_beat(health)

    def _health(self) -> dict[str, Any] | None:
        """Health by part, as Airflow tells it; None without an answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    def _write_password(self) -> None:
        password = os.environ.get(PASSWORD)
        if password is None and self._passwords.exists():
            return
        self._passwords.touch(mode=0o600)
        self._passwords.write_text(json.dumps({USER: password or secrets.token_urlsafe(12)}))

    def run_cli(self, arguments: Sequence[str]) -> int:
        """Run ``airflow <arguments>`` with its output on ours; return its exit code."""
        return subprocess.run([_AIRFLOW, *arguments], env=self.environment()).returncode


class AirflowApi:
    """The few calls of Airflow's REST API that the commands need.

    Raises:
        ServiceError: from every call, when Airflow refuses it or does not answer.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json"}
        token = self._call("/auth/token", {"username": user, "password": password})
        self._headers["Authorization"] = f"Bearer {token['access_token']}"

    def health(self) -> dict[str, dict[str, Any]]:
        """Status and last beat of each part."""
        return self._call("/api/v2/monitor/health")

    def dag_ids(self) -> list[str]:
        """DAGs that are there and not paused."""
        return [dag["dag_id"] for dag in self._call("/api/v2/dags?paused=false")["dags"]]

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run now; return its id."""
        body = {"logical_date": None, "conf": conf or {}}
        return self._call(f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"]

    def set_pools(self, pools: Mapping[str, tuple[int, str]]) -> None:
        """Create pools, or give them these numbers of slots and descriptions."""
        entities = [
            {"name": name, "slots": slots, "description": description}
            for name, (slots, description) in pools.items()
        ]
        action = {"action": "create", "entities": entities, "action_on_existence": "overwrite"}
        self._call("/api/v2/pools", {"actions": [action]}, method="PATCH")

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The last hundred runs of a DAG, the newest first."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?limit=100&order_by=-run_after"
        return self._call(path)["dag_runs"]

    def run_ids(self, dag_id: str) -> list[str]:
        return [run["dag_run_id"] for run in self.runs(dag_id)]

    def run_of_round(self, dag_id: str, of_round: str) -> str | None:
        """The run that a round has fired, if it has."""
        found = [run for run in self.runs(dag_id) if run["partition_key"] == of_round]
        return found[0]["dag_run_id"] if found else None

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        return self._call(f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Task id -> its instance (state, try_number ...) in a run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances?limit=1000"
        return {found["task_id"]: found for found in self._call(path)["task_instances"]}

    def asset_events(self, asset_name: str) -> list[dict[str, Any]]:
        """Events of one Asset, the newest first."""
        assets = self._call(f"/api/v2/assets?name_pattern={asset_name}")["assets"]
        [asset_id] = [asset["id"] for asset in assets if asset["name"] == asset_name]
        path = f"/api/v2/assets/events?asset_id={asset_id}&order_by=-timestamp"
        return self._call(path)["asset_events"]

    def failed_tasks(self, dag_id: str, run_id: str) -> list[str]:
        tasks = self.tasks(dag_id, run_id)
        return sorted(name for name, task in tasks.items() if task["state"] == "failed")

    def _call(
        self, path: str, body: dict[str, Any] | None = None, *, method: str | None = None
    ) -> Any:
        request = urllib.request.Request(
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers=self._headers,
            method=method,
        )
        # A question may be asked again; an order that was not answered may have been taken.
        tries = _TRIES if body is None else 1
        while True:
            tries -= 1
            try:
                with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                detail = error.read().decode(errors="replace")[:500]
                raise ServiceError(
                    f"Airflow refused {path}: {error.code} {detail}", f"look at {self._url}"
                ) from error
            except OSError as error:
                if not tries:
                    raise ServiceError(
                        f"Airflow does not answer at {self._url}{path}: {error}",
                        "see `make airflow`",
                    ) from error
                time.sleep(_POLL_SECONDS)


def _all_beat(health: Mapping[str, Any]) -> bool:
    return all(part.get("status") == "healthy" for part in health.values())


def _until(look: Callable[[], Any], deadline: float, what: str) -> Any:
    while not (found := look()):
        if time.monotonic() > deadline:
            raise ServiceError(f"waited too long for {what}", "look at Airflow's grid and logs")
        time.sleep(_POLL_SECONDS)
    return found
