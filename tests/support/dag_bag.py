"""What Airflow makes of the DAG folder, as JSON: ``python -m tests.support.dag_bag``.

Runs in a process of its own, whose environment names an Airflow home.
"""

from __future__ import annotations

import json
import sys
import time

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.taskgroup import TaskGroup


def described(group: TaskGroup) -> list[str]:
    """Ids below a group in the order the grid shows them; fails on groups that form a circle."""
    ids = []
    for child in group.topological_sort():
        ids += described(child) if isinstance(child, TaskGroup) else [child.node_id]
    return ids


def main() -> None:
    started = time.monotonic()
    bag = DagBag()
    seconds = time.monotonic() - started
    heavy = {"dbt", "duckdb", "psycopg", "pyarrow", "adbc_driver_manager"} & set(sys.modules)
    json.dump(
        {
            "seconds": seconds,
            "import_errors": bag.import_errors,
            "heavy_modules": sorted(heavy),
            "dags": {
                dag_id: {
                    "tags": sorted(dag.tags),
                    "catchup": dag.catchup,
                    "paused": bool(dag.is_paused_upon_creation),
                    "max_active_runs": dag.max_active_runs,
                    "deadline": bool(dag.deadline),
                    "doc": bool(dag.doc_md),
                    "params": sorted(dag.params),
                    "order": described(dag.task_group),
                    "tasks": {
                        task.task_id: {
                            "operator": type(task).__name__,
                            "owner": task.owner,
                            "retries": task.retries,
                            "pool": task.pool,
                            "timeout": task.execution_timeout is not None,
                            "alerts": bool(task.on_failure_callback),
                            "upstream": sorted(task.upstream_task_ids),
                        }
                        for task in dag.tasks
                    },
                }
                for dag_id, dag in bag.dags.items()
            },
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
