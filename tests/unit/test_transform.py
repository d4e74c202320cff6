"""What the rest of the program learns from dbt."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.dbt.manifest import models_by_test
from finhouse.dbt.process import dbt_environment
from finhouse.dbt.results import summarise
from finhouse.errors import ConfigurationError
from finhouse.settings import Settings


def result(unique_id: str, status: str, message: str | None = None) -> dict:
    return {"unique_id": unique_id, "status": status, "message": message}


def test_failures_are_named_with_their_reason():
    summary = summarise(
        {
            "results": [
                result("model.finhouse.a", "success"),
                result("test.finhouse.b.123", "pass"),
                result("test.finhouse.c.456", "warn", "Got 2 results"),
                result("test.finhouse.d.789", "fail", "Got 3\n  results"),
                result("model.finhouse.e", "error"),
                result("model.finhouse.f", "skipped"),
            ]
        },
        {"test.finhouse.d.789": "daily_metrics"},
    )
    assert (summary.passed, summary.warned, summary.skipped) == (2, 1, 1)
    assert summary.failures == {
        "test.d": "on model daily_metrics: Got 3 results",
        "model.e": "no message",
    }
    assert summary.nodes == 6


def test_warehouse_url_is_taken_apart_for_the_profile(tmp_path: Path):
    url = "postgresql://us%40er:p%2Fw@db.example:6432/dwh"
    variables = dbt_environment(Settings(tmp_path, tmp_path, "postgres", None, url))
    assert variables["FINHOUSE_PG_HOST"] == "db.example"
    assert variables["FINHOUSE_PG_PORT"] == "6432"
    assert variables["FINHOUSE_PG_USER"] == "us@er"
    assert variables["FINHOUSE_PG_DATABASE"] == "dwh"
    assert variables["DBT_ENV_SECRET_FINHOUSE_PG_PASSWORD"] == "p/w"


def test_warehouse_url_without_a_database_is_refused(tmp_path: Path):
    settings = Settings(tmp_path, tmp_path, "postgres", None, "postgresql://host")
    with pytest.raises(ConfigurationError, match="no database"):
        dbt_environment(settings)


def test_a_test_belongs_to_its_model_or_to_all_it_reads():
    def node(kind: str, attached: str | None = None, reads: tuple[str, ...] = ()) -> dict:
        return {"resource_type": kind, "attached_node": attached, "depends_on": {"nodes": reads}}

    assert models_by_test(
        {
            "nodes": {
                "model.finhouse.a": node("model"),
                "test.finhouse.generic": node("test", "model.finhouse.a", ("model.finhouse.b",)),
                "test.finhouse.singular": node(
                    "test", None, ("model.finhouse.a", "model.finhouse.b")
                ),
            }
        }
    ) == {"test.finhouse.generic": "a", "test.finhouse.singular": "a, b"}
