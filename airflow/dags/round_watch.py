"""An alert for a round that is not published in time: without one of its sources it has no run.

Every hour it asks the warehouse: when was each source's last round due, and has anything been
published since? A late round is reported once, and once more when it has been published.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, task

from finhouse.orchestration.names import WATCH_DAG, WRITER_POOL
from finhouse.orchestration.task_defaults import DEFAULT_ARGS, deadline

DEADLINE_MINUTES = 60

with DAG(
    WATCH_DAG,
    description="an alert for a round that was not published in time",
    schedule=CronTriggerTimetable("20 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    deadline=deadline(WATCH_DAG, DEADLINE_MINUTES),
    tags=["dbt"],
    doc_md=__doc__,
) as dag:

    @task(pool=WRITER_POOL)
    def watch(dag_run: Any = None) -> dict[str, list[str]]:
        from finhouse.orchestration import tasks

        asked_at: datetime = dag_run.logical_date or dag_run.run_after
        return tasks.tell_of_late_rounds(asked_at)

    watch()
