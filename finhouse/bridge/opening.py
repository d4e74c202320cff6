"""Choosing the engine that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from finhouse.bridge.engine import Engine
from finhouse.bridge.snowflake import SnowflakeEngine
from finhouse.bridge.spark import SparkEngine
from finhouse.errors import ConfigurationError
from finhouse.settings import Settings

# Runs dbt with the project's environment; returns its exit code.
RunDbt = Callable[[Settings, Sequence[str]], int]


def open_engine(settings: Settings, run_dbt: RunDbt) -> Engine:
    """The engine of ``settings.target``.

    Args:
        run_dbt: as ``finhouse.transform.run_dbt``; for engines reached by dbt's own connection.

    Raises:
        ConfigurationError: the target needs no bridge, or is not set up.
    """
    if settings.target == "spark":
        return SparkEngine(settings, run_dbt)
    if settings.target == "snowflake":
        return SnowflakeEngine(settings)
    raise ConfigurationError(
        f"target {settings.target} is loaded directly: there is nothing to ship or fetch",
        "run `make build`",
    )
