"""Keep what each dbt build did: shown by the marts dbt_run_history and dbt_test_history.

What it was a build of is kept, too: column_lineage and data_class_inventory.

They are views: a build is recorded when it has ended, and published after that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finhouse.console import console
from finhouse.dbt.column_lineage import record_columns
from finhouse.dbt.manifest import manifest_file, read_manifest
from finhouse.dbt.results import read_results, results_file
from finhouse.errors import FinhouseError, TransformError
from finhouse.settings import Settings
from finhouse.sources import available_sources, read_source
from finhouse.warehouse import Warehouse

DBT_RESULTS_DDL = """
create table if not exists raw_operations.dbt_results (
    invocation_id text not null,
    node_id text not null,
    resource_type text not null,
    node_name text not null,
    layer text,
    tested_model text,
    status text not null,
    failing_row_count bigint,
    execution_seconds numeric(12, 3) not null,
    run_started_at timestamp not null
)
"""

_INSERT = (
    "insert into raw_operations.dbt_results values "
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, cast($10 as timestamp))"
)
_NODES = ("model", "seed", "test")


def record_build(settings: Settings, warehouse: Warehouse) -> int:
    """Store the outcome of the last dbt invocation of the target; return the nodes recorded.

    Call it after each ``dbt build``, failed or not. An invocation already there is left alone.
    """
    if not (results_file(settings).exists() and manifest_file(settings).exists()):
        return 0
    try:
        run_results, manifest = read_results(settings), read_manifest(settings)
    except TransformError as error:
        # What the build itself ended with matters more.
        console.print(f"  {error.message}: this build is not recorded", markup=False)
        return 0
    invocation = run_results["metadata"]["invocation_id"]
    if warehouse.count("raw_operations.dbt_results", "invocation_id = $1", (invocation,)):
        return 0
    recorded = 0
    try:
        sources = [read_source(name) for name in available_sources()]
        record_columns(manifest, warehouse, sources)
    except FinhouseError as error:
        # A build that failed has models without SQL; what was kept before is still told.
        console.print(f"  column_lineage stays as it is: {error.message}", markup=False)
    with warehouse.transaction():
        for row in _rows(run_results, manifest):
            recorded += warehouse.change(_INSERT, row)
    return recorded


def _rows(run_results: dict[str, Any], manifest: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    about = run_results["metadata"]
    started = about.get("invocation_started_at") or about["generated_at"]
    for result in run_results["results"]:
        node = manifest["nodes"].get(result["unique_id"])
        if node is None or node["resource_type"] not in _NODES:
            continue
        is_test = node["resource_type"] == "test"
        yield (
            about["invocation_id"],
            result["unique_id"],
            node["resource_type"],
            node["name"],
            node["fqn"][1] if node["resource_type"] == "model" else None,
            _tested(node) if is_test else None,
            result["status"],
            result["failures"],
            round(result["execution_time"], 3),
            started.rstrip("Z"),
        )


def _tested(test: dict[str, Any]) -> str | None:
    """Name of what a test judges; of several the first."""
    judged = test.get("attached_node") or next(iter(test["depends_on"]["nodes"]), None)
    return judged.rpartition(".")[2] if judged else None
