"""Settings come from the environment and refuse what they do not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT, load_settings


def test_defaults_live_in_the_project():
    settings = load_settings({})
    assert settings.home == PROJECT_ROOT / "data"
    assert settings.landing == PROJECT_ROOT / "data" / "landing"
    assert (settings.target, settings.oltp_url, settings.warehouse_url) == ("duckdb", None, None)


def test_environment_wins_over_defaults_and_argument_over_environment(tmp_path: Path):
    env = {
        "FINHOUSE_HOME": str(tmp_path),
        "FINHOUSE_TARGET": "postgres",
        "OLTP_URL": "postgresql://a/b",
    }
    settings = load_settings(env)
    assert settings.duckdb_path == tmp_path / "warehouse.duckdb"
    assert (settings.target, settings.oltp_url) == ("postgres", "postgresql://a/b")
    assert load_settings(env, target="duckdb").target == "duckdb"


def test_published_file_does_not_bear_the_name_of_its_schema():
    """DuckDB calls a catalogue after its file: `published.x` would be ambiguous."""
    assert load_settings({}).published_path.stem != "published"


def test_an_engine_behind_the_bridge_has_a_folder_of_its_own(tmp_path: Path):
    settings = load_settings({"FINHOUSE_HOME": str(tmp_path)}, target="spark")
    assert settings.is_bridged
    assert settings.duckdb_path == tmp_path / "spark" / "stage.duckdb"
    assert settings.published_path == tmp_path / "spark" / "published" / "finhouse.duckdb"
    assert settings.lake_home == tmp_path / "spark" / "lake"


def test_the_lake_may_lie_where_a_cluster_sees_it(tmp_path: Path):
    env = {"FINHOUSE_LAKE": str(tmp_path), "FINHOUSE_LAKE_URL": "s3a://bucket/finhouse/"}
    settings = load_settings(env, target="spark")
    assert (settings.lake_home, settings.lake_url) == (tmp_path, "s3a://bucket/finhouse")


def test_unknown_target_is_refused_by_name():
    with pytest.raises(ConfigurationError, match="'oracle'") as caught:
        load_settings({"FINHOUSE_TARGET": "oracle"})
    assert "duckdb, postgres" in str(caught.value)
    assert caught.value.exit_code == 2
