"""The dbt process: the only place that starts dbt.

It runs the dbt that has the adapter of the target, in the project's folder, with the environment
variables that profiles.yml reads.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finhouse.children import run_child
from finhouse.domains import SELECTION, selected_domains
from finhouse.engines.snowflake_account import environment_program, snowflake_account
from finhouse.engines.spark_session import spark_environment
from finhouse.oltp import warehouse_url
from finhouse.settings import Settings
from finhouse.warehouse.building import only_build
from finhouse.warehouse.postgres_address import postgres_address

# dbt itself: run by path, as Snowflake's environment has no finhouse.
START = Path(__file__).with_name("start.py")
# Read by it; there, too.
PARSED = "FINHOUSE_PARSED"

# Commands of dbt: the first of these words is the one that is meant.
_WRITERS = ("build", "clone", "retry", "run", "run-operation", "seed", "snapshot")
_COMMANDS = (
    *_WRITERS,
    *("clean", "compile", "debug", "deps", "docs", "init", "list", "ls", "parse", "show"),
    *("source", "test"),
)


def run_dbt(settings: Settings, arguments: Sequence[str]) -> int:
    """Run ``dbt <arguments>`` with its output on ours; return its exit code.

    Raises:
        ConfigurationError: as ``dbt_environment``; or the target's dbt is not installed.
        WarehouseError: the command writes, and another process builds in the same database.
    """
    # In a log, and in the messages that we quote, colours are noise.
    colours = {"DBT_USE_COLORS": str(sys.stdout.isatty())}
    variables = dbt_environment(settings) | colours
    command = next((word for word in arguments if word in _COMMANDS), "")
    if command not in _WRITERS:
        return _run(settings, arguments, variables).returncode
    with only_build(settings, f"dbt {command}"):
        return _run(settings, arguments, variables).returncode


def ask_dbt(
    settings: Settings,
    arguments: Sequence[str],
    *,
    connects: bool = True,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``dbt <arguments>`` and keep what it says, without colours, to quote or to judge.

    Args:
        connects: whether the command needs the warehouse. What only reads the project (parse,
            deps, compile without a look into the database) is spared the target's servers.
        timeout: seconds after which dbt is ended.

    Raises:
        ConfigurationError: as ``run_dbt``.
        subprocess.TimeoutExpired: it took longer than ``timeout``.
    """
    variables = dbt_environment(settings) if connects else _project_variables(settings)
    variables["DBT_USE_COLORS"] = "False"
    return _run(settings, arguments, variables, capture_output=True, timeout=timeout)


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables read by profiles.yml, for the target in ``settings``.

    Raises:
        ConfigurationError: ``WAREHOUSE_URL`` names no host or database; Spark is not installed
            here, or finds no Java; a Snowflake account is named by half.
    """
    return _project_variables(settings) | _connection_variables(settings)


def _run(
    settings: Settings, arguments: Sequence[str], variables: Mapping[str, str], **options: Any
) -> subprocess.CompletedProcess[str]:
    # The dbt of the target's environment, whatever PATH says.
    snowflake = settings.target == "snowflake"
    python = environment_program("python") if snowflake else sys.executable
    return run_child(
        # Without the project's folder among those that modules come from.
        [python, "-P", str(START), *arguments],
        env={**os.environ, **variables},
        cwd=settings.project_root,
        **options,
    )


def _project_variables(settings: Settings) -> dict[str, str]:
    domains = ",".join(selected_domains(dbt_project=settings.dbt_project))
    return {
        "FINHOUSE_TARGET": settings.target,
        "FINHOUSE_DUCKDB_PATH": str(settings.duckdb_path),
        "DBT_PROFILES_DIR": str(settings.project_root),
        "DBT_PROJECT_DIR": str(settings.dbt_project),
        "DBT_TARGET_PATH": str(settings.dbt_output),
        "DBT_LOG_PATH": str(settings.dbt_output / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "DO_NOT_TRACK": "1",
        "FINHOUSE_SCHEMA_PREFIX": settings.schema_prefix,
        SELECTION: domains,
        **_parsed(settings, domains),
    }


def _parsed(settings: Settings, domains: str) -> dict[str, str]:
    """Where dbt keeps what it has parsed: a project parses alike for all of its houses.

    What is built aside, under a name, is soon gone, and what was parsed for it with it.
    """
    if settings.schema_prefix:
        return {}
    selection = hashlib.sha256(domains.encode()).hexdigest()[:12]
    folder = settings.dbt_project / "target" / "parsed"
    return {PARSED: str(folder / f"{settings.target}-{selection}.msgpack")}


def _connection_variables(settings: Settings) -> dict[str, str]:
    if settings.target == "postgres":
        return _postgres_variables(warehouse_url(settings))
    if settings.target == "spark":
        return spark_environment(settings)
    if settings.target == "snowflake":
        return dict(snowflake_account(settings).variables)
    return {}


def _postgres_variables(url: str) -> dict[str, str]:
    address = postgres_address(url)
    return {
        **address.variables,
        "FINHOUSE_PG_HOST": address.host,
        "FINHOUSE_PG_PORT": str(address.port),
        "FINHOUSE_PG_USER": address.user,
        "FINHOUSE_PG_DATABASE": address.database,
        # dbt masks variables of this prefix in its logs.
        "DBT_ENV_SECRET_FINHOUSE_PG_PASSWORD": address.password,
    }
