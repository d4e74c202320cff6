"""A local Airflow, whole and hermetic: `make airflow`."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from finhouse.background import BackgroundServer, read_port, start_on_free_port
from finhouse.children import run_child
from finhouse.console import console
from finhouse.dbt.process import run_dbt
from finhouse.errors import ConfigurationError, ServiceError, TransformError
from finhouse.files import read_json, write_whole
from finhouse.oltp import EmbeddedServer
from finhouse.orchestration.api import AirflowApi
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
METADATA_URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
PREFERRED_PORT = 8080
START_SECONDS = 300
_POLL_SECONDS = 2.0
_ANSWER_SECONDS = 30
_ENDED = ("success", "failed")
_RESTART = "make airflow-stop airflow"
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
    """Airflow of its own home, on loopback.

    Its metadata is in a PostgreSQL of its own: SQLite has one writer, and answers the others that
    it is locked, at once where two of them have read before. Not in the OLTP's server, which may be
    down or elsewhere.

    Args:
        settings: names the home, the target, and the databases the tasks use.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.home = settings.airflow_home
        self._server = BackgroundServer(self.home, "Airflow")
        self._port_file = self.home / "port"
        self._passwords = self.home / "passwords.json"
        self._metadata = EmbeddedServer(self.home / "metadata", databases=("airflow",))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port()}"

    @property
    def password(self) -> str:
        """Password of the user, as Airflow took it when it started.

        Raises:
            ServiceError: the file it is kept in is missing or damaged.
        """
        return read_json(self._passwords, _password, ServiceError, f"start it again: `{_RESTART}`")

    def _port(self) -> int:
        return read_port(self._port_file, _RESTART)

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
        self._start_metadata()
        show_models(self._settings)
        start_on_free_port(PREFERRED_PORT, "Airflow", self._serve_on)
        slots = writer_slots(self._settings.target)
        AirflowApi(self.url, USER, self.password).set_pools(
            {
                WRITER_POOL: (slots, "tasks that may write the warehouse at once"),
                ANNOUNCEMENT_POOL: (1, "announcements of loads, one after the other"),
            }
        )

    def _serve_on(self, port: int) -> None:
        write_whole(self._port_file, str(port))
        # It migrates its metadata itself; tasks of a pool wait until there is one.
        self._server.start(
            [_AIRFLOW, "standalone"], self.environment(), self._is_ready, START_SECONDS
        )

    def _is_whole(self) -> bool:
        """Whether all parts of a running Airflow beat, by its own account.

        On a busy machine it answers late, and a part that lives has missed a beat: it has one more
        while to show that it does.
        """
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not (is_whole := self._is_ready()) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return is_whole

    def stop(self) -> None:
        """End Airflow; its metadata and logs stay."""
        self._server.stop()
        self._metadata.stop()

    def environment(self, env: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Environment of Airflow's processes; what ``env`` says as ``AIRFLOW__...`` wins."""
        port = str(self._port() if self._port_file.exists() else PREFERRED_PORT)
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
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return (
            defaults
            | self._metadata_variables(env)
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

    def _start_metadata(self) -> None:
        if METADATA_URL not in os.environ:
            self._metadata.start()

    def _metadata_variables(self, env: Mapping[str, str]) -> dict[str, str]:
        """Where the metadata is, unless ``env`` says it or its server does not run."""
        if METADATA_URL in env or not self._metadata.is_running():
            return {}
        url = self._metadata.url("airflow").replace("postgresql", "postgresql+psycopg", 1)
        return {METADATA_URL: url, f"{METADATA_URL}_ASYNC": url}

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
            try:
                self.password  # noqa: B018 - whether it can be read
            except ServiceError as error:
                console.print(f"  {error.message}: {USER} gets a new password", markup=False)
            else:
                return
        written = json.dumps({USER: password or secrets.token_urlsafe(12)})
        write_whole(self._passwords, written, private=True)

    def run_cli(self, arguments: Sequence[str]) -> int:
        """Run ``airflow <arguments>`` with its output on ours; return its exit code."""
        self._start_metadata()
        return run_child(
            [_AIRFLOW, *arguments], env=self.environment(), is_interactive=True
        ).returncode


def _password(found: Any) -> str:
    password = found[USER]
    if not isinstance(password, str) or not password:
        raise TypeError
    return password


def _all_beat(health: Mapping[str, Any]) -> bool:
    return all(part.get("status") == "healthy" for part in health.values())


def _until(look: Callable[[], Any], deadline: float, what: str) -> Any:
    while not (found := look()):
        if time.monotonic() > deadline:
            raise ServiceError(f"waited too long for {what}", "look at Airflow's grid and logs")
        time.sleep(_POLL_SECONDS)
    return found
