"""Choosing the engine that the settings name."""

from __future__ import annotations

from finhouse.bridge.engine import Engine
from finhouse.bridge.snowflake import SnowflakeEngine
from finhouse.bridge.spark import SparkEngine
from finhouse.errors import ConfigurationError
from finhouse.settings import Settings


def open_engine(settings: Settings) -> Engine:
    """The engine of ``settings.target``.

    Raises:
        ConfigurationError: the target needs no bridge, or is not set up.
    """
    if settings.target == "spark":
        return SparkEngine(settings)
    if settings.target == "snowflake":
        return SnowflakeEngine(settings)
    raise ConfigurationError(
        f"target {settings.target} is loaded directly: there is nothing to ship or fetch",
        "run `make build`",
    )
