"""Airflow beside a house of the tests."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from finhouse.orchestration.local import LocalAirflow
from finhouse.orchestration.model_graph import write_model_graph
from finhouse.settings import PROJECT_ROOT, load_settings
from tests.support.house import TARGETS, House

# This process's own, gone with it.
_FOLDER = tempfile.TemporaryDirectory(prefix="airflow-metadata-")
_MIGRATED = Path(_FOLDER.name) / "airflow.db"


def airflow_environment(house: House, home: Path, **variables: str) -> dict[str, str]:
    """Environment of Airflow processes on ``house``, with their metadata in ``home``."""
    kept = {k: v for k, v in house.environment.items() if not k.startswith("AIRFLOW")}
    for target in TARGETS:
        write_model_graph(house.settings(target))
    airflow = LocalAirflow(load_settings(kept)).environment(kept)
    return (
        airflow
        | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            "FINHOUSE_RETRY_SECONDS": "0.5",
        }
        | variables
    )


def run_module(module: str, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess:
    """Run ``python -m module`` to its end, whatever that is."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT_ROOT,
        env=env,
        text=True,
        capture_output=True,
        timeout=600,
    )


def make_metadata(env: dict[str, str]) -> None:
    """Airflow's metadata, migrated once and copied for every other Airflow home."""
    database = Path(env["AIRFLOW_HOME"]) / "airflow.db"
    if database.exists():
        return
    if not _MIGRATED.exists():
        subprocess.run(
            [str(Path(sys.executable).with_name("airflow")), "db", "migrate"],
            env=env,
            check=True,
            capture_output=True,
        )
        shutil.copy(database, _MIGRATED)
    else:
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_MIGRATED, database)


def dag_test(
    dag_id: str,
    conf: dict[str, Any] | None = None,
    *,
    env: dict[str, str],
    prefix: Sequence[str] = (),
    watch: Callable[[str], None] = lambda line: None,
) -> tuple[bool, dict[str, str], str]:
    """``dag.test()`` of one DAG; returns whether it succeeded, its task states, and all output.

    Args:
        prefix: a command to run it by way of.
        watch: is given each line of output as it comes.
    """
    make_metadata(env)
    lines: list[str] = []
    with subprocess.Popen(
        [*prefix, sys.executable, "-m", "tests.support.dag_run", dag_id, json.dumps(conf or {})],
        cwd=PROJECT_ROOT,
        env=env | {"PYTHONUNBUFFERED": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            watch(line)
    states = dict(line.split()[1:] for line in lines if line.startswith("state "))
    return process.returncode == 0, states, "".join(lines)
