"""Settings come from the environment and refuse what they do not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.domains import declared_domains, domains_added, selected_domains
from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT, load_settings
from finhouse.sources import available_sources


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


@pytest.mark.parametrize("listed", ["walet", "wallet,walet", " wallet, walet "])
def test_unknown_domain_is_refused_with_the_known_ones(listed: str):
    with pytest.raises(ConfigurationError) as refusal:
        load_settings({"FINHOUSE_DOMAINS": listed})
    assert "unknown domain 'walet'" in str(refusal.value)
    assert "wallet, microfinance" in str(refusal.value)


def test_domains_are_those_selected_in_the_order_of_the_project_and_all_by_default():
    everything = list(declared_domains())
    assert list(selected_domains({})) == everything
    assert list(selected_domains({"FINHOUSE_DOMAINS": ""})) == everything
    chosen = {"FINHOUSE_DOMAINS": "microfinance, wallet,"}
    assert list(selected_domains(chosen)) == ["wallet", "microfinance"]


def test_a_domain_is_selected_with_those_it_requires():
    chosen = {"FINHOUSE_DOMAINS": "inventory"}
    assert list(selected_domains(chosen)) == ["commerce", "inventory"]
    assert domains_added(chosen) == ["commerce"]
    assert domains_added({"FINHOUSE_DOMAINS": "inventory,commerce"}) == []
    assert domains_added({"FINHOUSE_DOMAINS": "commerce"}) == domains_added({}) == []


def test_sources_are_those_of_the_selected_domains(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FINHOUSE_DOMAINS", "merchant_activity")
    assert available_sources() == ["merchant_activity", "pulse"], "pulse is of no domain"
