"""Coverage of documentation and tests, and pages that ask no other host for anything."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from finhouse.documentation.coverage import coverage, gaps
from finhouse.documentation.lineage_page import foreign_hosts, without_foreign_hosts

MART = "model.finhouse.sales"


def manifest(column_description: str = "Its key.", key: list[str] | None = None) -> dict:
    return {
        "nodes": {
            MART: {
                "unique_id": MART,
                "resource_type": "model",
                "name": "sales",
                "fqn": ["finhouse", "marts", "sales"],
                "description": "One row per sale and day.",
                "config": {"meta": {"grain": ["id", "day"]}},
                "columns": {
                    "id": {"description": column_description, "constraints": []},
                    "day": {"description": "Its day.", "constraints": [{"type": "not_null"}]},
                },
            },
            "test.finhouse.unique": {
                "resource_type": "test",
                "attached_node": MART,
                "column_name": None,
                "test_metadata": {
                    "name": "unique_combination_of_columns",
                    "kwargs": {"combination_of_columns": key or ["id", "day"]},
                },
            },
        }
    }


CATALOG = {"nodes": {MART: {"columns": {"id": {}, "day": {}}}}}


def test_a_mart_described_and_tested_has_no_gap():
    [covered] = coverage(manifest(), CATALOG)
    assert (covered.columns, covered.described, covered.checked) == (2, 2, 1)
    assert gaps([covered]) == []


def test_a_column_without_words_is_a_gap():
    assert gaps(coverage(manifest(column_description=" "), CATALOG)) == [
        "column sales.id has no description"
    ]


def test_a_column_that_is_built_but_not_declared_is_a_gap():
    catalog = {"nodes": {MART: {"columns": {"id": {}, "day": {}, "extra": {}}}}}
    assert gaps(coverage(manifest(), catalog)) == ["column sales.extra has no description"]


def test_a_key_wider_than_the_grain_does_not_test_it():
    assert gaps(coverage(manifest(key=["id", "day", "hour"]), CATALOG)) == [
        "mart sales has no test that its key is unique"
    ]


def test_the_lineage_page_names_no_other_host():
    package = importlib.util.find_spec("dbt_colibri")
    assert package and package.submodule_search_locations
    template = Path(package.submodule_search_locations[0]) / "report" / "index.html"
    html = template.read_text(encoding="utf-8")
    assert "eu.i.posthog.com" in foreign_hosts(html), "nothing to strip: is it still needed?"
    stripped = without_foreign_hosts(html)
    assert foreign_hosts(stripped) == set()
    assert stripped.index("Content-Security-Policy") < stripped.index("<script")
