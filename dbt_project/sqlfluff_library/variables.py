"""`var`, `env_var`, `target` and `run_started_at`; variables are read from dbt_project.yml."""

from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

PROJECT_FILE = Path(__file__).parents[1] / "dbt_project.yml"

run_started_at = datetime(2026, 1, 1)
target = SimpleNamespace(name="duckdb", type="duckdb", schema="marts")


@cache
def _project_vars() -> dict[str, Any]:
    return yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["vars"]


def var(name: str, default: Any = None) -> Any:
    """Value of a project variable, else the default."""
    return _project_vars().get(name, default)


def env_var(name: str, default: str = "") -> str:
    """The default: what is linted does not depend on somebody's environment."""
    return default
