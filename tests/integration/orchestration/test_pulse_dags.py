"""The monitors run on every publication, whatever the transform was triggered by, and once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from finhouse.orchestration.names import PULSE_BY_HAND_DAG, PULSE_DAG
from finhouse.pulse_tables import connect_pulse
from finhouse.settings import PROJECT_ROOT
from tests.support.airflow import airflow_environment, dag_test, make_metadata
from tests.support.house import House


def test_one_of_two_dags_runs_for_each_publication(company: House, tmp_path: Path):
    """A round has a partition; a transform that was triggered by hand has none."""
    env = airflow_environment(company, tmp_path)
    make_metadata(env)
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.publications"],
        input=json.dumps(["2026-06-30", None, "by hand 1"]),
        cwd=PROJECT_ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == [
        [[PULSE_DAG, "2026-06-30"]],
        [[PULSE_BY_HAND_DAG, None]],
        [[PULSE_DAG, "by hand 1"]],
    ]


@pytest.mark.full
@pytest.mark.domains("wallet")
def test_the_task_runs_what_is_due(company_copy: House, tmp_path: Path):
    company_copy.succeed("pulse", "new", "--template", "uptime_low", "--set", "threshold=1")
    succeeded, states, output = dag_test(
        PULSE_DAG, env=airflow_environment(company_copy, tmp_path / "airflow")
    )
    assert succeeded and set(states.values()) == {"success"}, output[-5000:]
    with connect_pulse(company_copy.settings()) as connection:
        [row] = connection.execute(
            "select outcome, alert_triggered from pulse.pulse_execution_log"
        ).fetchall()
    assert row == {"outcome": "breached", "alert_triggered": True}
