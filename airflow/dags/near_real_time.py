"""Micro-batches: the append-only tables of a source every few minutes, between its full loads.

Paused until somebody turns it on. What a batch costs depends on the table's cursor: with
replication_slot it reads the new rows alone, with xmin it scans the source table.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, CronTriggerTimetable, task

from finhouse.orchestration.names import (
    ANNOUNCEMENT_POOL,
    WRITER_POOL,
    near_real_time_asset,
    near_real_time_dag_id,
)
from finhouse.orchestration.task_defaults import DEFAULT_ARGS, deadline
from finhouse.sources import available_sources, read_source
from finhouse.sources.definitions import PostgresDefinition

DEADLINE_MINUTES = 15


def near_real_time_dag(definition: PostgresDefinition, schedule: str) -> DAG:
    """Load the append-only tables of one source; announce batches that brought rows."""
    dag_id = near_real_time_dag_id(definition.name)
    fresh = Asset(near_real_time_asset(definition.name))
    with DAG(
        dag_id,
        description=f"append-only tables of {definition.name}, every few minutes",
        schedule=CronTriggerTimetable(schedule, timezone="UTC"),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=True,
        default_args=DEFAULT_ARGS,
        deadline=deadline(dag_id, DEADLINE_MINUTES),
        tags=["extract-load", "near-real-time", definition.name],
        doc_md=__doc__,
    ) as dag:

        @task(pool=WRITER_POOL)
        def load(tables: list[str]) -> dict[str, int]:
            from finhouse.orchestration import tasks

            return tasks.load_tables(definition.name, tables)

        @task(outlets=[fresh], pool=ANNOUNCEMENT_POOL)
        def announce(
            counts: dict[str, int], dag_run: Any = None, outlet_events: Any = None
        ) -> None:
            """Each batch is a round of its own: it neither waits for others nor ends their wait."""
            from finhouse.orchestration import tasks

            tasks.skip_unless_changed(counts)
            outlet_events[fresh].extra = counts
            outlet_events[fresh].add_partitions(dag_run.run_id)

        announce(load(list(definition.append_tables)))
    return dag


for source_name in available_sources():
    source = read_source(source_name)
    if source.near_real_time:
        globals()[near_real_time_dag_id(source_name)] = near_real_time_dag(
            source, source.near_real_time
        )
