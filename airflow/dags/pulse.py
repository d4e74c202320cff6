"""The monitors: whatever is due is run on each publication, alerts are raised and told.

What the transform publishes for a round, or for a micro-batch, is announced as part of it: a
partition of the Asset. A transform that was triggered by hand announces no partition, and Airflow
hands the one kind of event to partitioned DAGs alone and the other kind to the others: hence two
DAGs, which do the same. Two that run at once share what is due.

A monitor that fails is in its own log, and switched off after three errors in a row; the task fails
where none could be run.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, PartitionedAssetTimetable, task

from finhouse.orchestration.names import PUBLISHED_ASSET, PULSE_BY_HAND_DAG, PULSE_DAG
from finhouse.orchestration.task_defaults import DEFAULT_ARGS, deadline

DEADLINE_MINUTES = 60
published_marts = Asset(PUBLISHED_ASSET)


def pulse_dag(dag_id: str, description: str, schedule: Any) -> DAG:
    """Run the monitors whenever something is published."""
    with DAG(
        dag_id,
        description=description,
        schedule=schedule,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        deadline=deadline(dag_id, DEADLINE_MINUTES),
        tags=["pulse"],
        doc_md=__doc__,
    ) as dag:

        @task
        def run_monitors() -> dict[str, int]:
            from finhouse.orchestration import tasks

            return tasks.run_monitors()

        run_monitors()
    return dag


for name, told, when in (
    (
        PULSE_DAG,
        "monitors, on each published round",
        PartitionedAssetTimetable(assets=published_marts),
    ),
    (
        PULSE_BY_HAND_DAG,
        "monitors, after a transform that was triggered by hand",
        [published_marts],
    ),
):
    globals()[name] = pulse_dag(name, told, when)
