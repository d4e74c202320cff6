"""The environment that dbt runs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.dbt.process import dbt_environment
from finhouse.errors import ConfigurationError
from finhouse.settings import Settings


def test_warehouse_url_is_taken_apart_for_the_profile(tmp_path: Path):
    url = "postgresql://us%40er:p%2Fw@db.example:6432/dwh?sslmode=verify-full"
    variables = dbt_environment(Settings(tmp_path, tmp_path, "postgres", None, url))
    assert variables["PGSSLMODE"] == "verify-full"
    assert variables["FINHOUSE_PG_HOST"] == "db.example"
    assert variables["FINHOUSE_PG_PORT"] == "6432"
    assert variables["FINHOUSE_PG_USER"] == "us@er"
    assert variables["FINHOUSE_PG_DATABASE"] == "dwh"
    assert variables["DBT_ENV_SECRET_FINHOUSE_PG_PASSWORD"] == "p/w"


def test_a_warehouse_that_dbt_would_reach_in_plain_is_refused(tmp_path: Path):
    settings = Settings(tmp_path, tmp_path, "postgres", None, "postgresql://u@db.example/dwh")
    with pytest.raises(ConfigurationError, match=r"WAREHOUSE_URL leads to db\.example off"):
        dbt_environment(settings)


def test_warehouse_url_without_a_database_is_refused(tmp_path: Path):
    settings = Settings(tmp_path, tmp_path, "postgres", None, "postgresql://host")
    with pytest.raises(ConfigurationError, match="no database"):
        dbt_environment(settings)
