"""Run dbt as an analytics engineer would, with the environment the profiles expect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

from finhouse.errors import ConfigurationError, TransformError
from finhouse.oltp import warehouse_url
from finhouse.settings import PROJECT_ROOT, Settings

# The dbt of our own environment, whatever PATH says.
DBT = str(Path(sys.executable).with_name("dbt"))


@dataclass(frozen=True)
class DbtSummary:
    """What one dbt invocation did: nodes by status, and the failures by name with their message."""

    passed: int
    warned: int
    skipped: int
    failures: dict[str, str]


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables read by profiles.yml, for the target in ``settings``.

    Raises:
        ConfigurationError: ``WAREHOUSE_URL`` names no host or database.
    """
    variables = {
        "FINHOUSE_TARGET": settings.target,
        "FINHOUSE_DUCKDB_PATH": str(settings.duckdb_path),
        "DBT_PROFILES_DIR": str(PROJECT_ROOT),
        "DBT_PROJECT_DIR": str(settings.dbt_project),
        "DBT_TARGET_PATH": str(settings.dbt_output),
        "DBT_LOG_PATH": str(settings.dbt_output / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "DO_NOT_TRACK": "1",
    }
    if settings.target == "postgres":
        parts = urlsplit(warehouse_url(settings))
        if not parts.hostname or not parts.path.strip("/"):
            raise ConfigurationError(
                "WAREHOUSE_URL names no host or no database",
                "write it as postgresql://user:password@host:5432/database",
            )
        variables |= {
            "FINHOUSE_PG_HOST": parts.hostname,
            "FINHOUSE_PG_PORT": str(parts.port or 5432),
            "FINHOUSE_PG_USER": unquote(parts.username or ""),
            "FINHOUSE_PG_DATABASE": unquote(parts.path.strip("/")),
            # dbt masks variables of this prefix in its logs.
            "DBT_ENV_SECRET_FINHOUSE_PG_PASSWORD": unquote(parts.password or ""),
        }
    return variables


def run_dbt(settings: Settings, arguments: Sequence[str]) -> int:
    """Run ``dbt <arguments>`` with its output on ours; return its exit code."""
    return subprocess.run(
        [DBT, *arguments], env={**os.environ, **dbt_environment(settings)}, cwd=PROJECT_ROOT
    ).returncode


def build_marts(
    settings: Settings,
    *,
    as_of: date | None = None,
    full_refresh: bool = False,
    variables: Mapping[str, object] | None = None,
) -> DbtSummary:
    """Run ``dbt build``: seeds, models and data tests.

    Unit tests judge the code, not the data: `make test` and CI run them.

    Args:
        as_of: business day the run speaks for; default the last complete day loaded.
        variables: variables of dbt_project.yml that this run sets otherwise.

    Raises:
        TransformError: a model or test failed; the message names each with dbt's reason.
    """
    arguments = ["build", "--quiet", "--exclude-resource-type", "unit_test"]
    changed = dict(variables or {})
    if as_of:
        changed["as_of_date"] = as_of.isoformat()
    if changed:
        arguments += ["--vars", json.dumps(changed)]
    if full_refresh:
        arguments.append("--full-refresh")
    results_path = settings.dbt_output / "run_results.json"
    results_path.unlink(missing_ok=True)
    code = run_dbt(settings, arguments)
    if not results_path.exists():
        raise TransformError(
            f"dbt stopped before running anything (exit code {code})",
            "read dbt's message above; `make dbt ARGS=parse` checks the project alone",
        )
    summary = summarise(json.loads(results_path.read_text()))
    if code != 0 or summary.failures:
        raise TransformError(
            f"dbt build failed on {len(summary.failures)} of "
            f"{summary.passed + summary.warned + len(summary.failures) + summary.skipped} nodes:\n"
            + "\n".join(f"  {name}: {reason}" for name, reason in summary.failures.items()),
            "nothing was published; mend the model or the data, then run `make build` again",
        )
    return summary


def declared_marts(settings: Settings) -> list[str]:
    """Names of the marts of the dbt project as it was last run; empty before the first run."""
    manifest = settings.dbt_output / "manifest.json"
    if not manifest.exists():
        return []
    nodes = json.loads(manifest.read_text())["nodes"].values()
    return sorted(
        node["name"]
        for node in nodes
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    )


def summarise(run_results: dict) -> DbtSummary:
    """Count the nodes of dbt's run_results.json by outcome and name its failures."""
    by_status: dict[str, int] = {}
    failures: dict[str, str] = {}
    for result in run_results["results"]:
        by_status[result["status"]] = by_status.get(result["status"], 0) + 1
        if result["status"] in ("error", "fail", "runtime error"):
            name = ".".join(result["unique_id"].split(".")[:3:2])
            failures[name] = " ".join((result["message"] or "no message").split())
    return DbtSummary(
        passed=by_status.get("success", 0) + by_status.get("pass", 0),
        warned=by_status.get("warn", 0),
        skipped=by_status.get("skipped", 0),
        failures=failures,
    )
