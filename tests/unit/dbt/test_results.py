"""What the rest of the program learns from dbt."""

from __future__ import annotations

from finhouse.dbt.manifest import models_by_test
from finhouse.dbt.results import summarise


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
