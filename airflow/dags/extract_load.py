"""One DAG per source system, made from finhouse/sources/*.yml: a task per table, then an Asset.

A load is announced as part of a round: the partition of the Asset. The round of a scheduled load
is its scheduled day in the source's time zone, whenever it really runs, so that a load made up for
days later completes the round it was missing from, and no other. The transform runs for a round
that all sources have announced.

A table is loaded before the tables it refers to: what it refers to was committed earlier in the
source, so it is there when its own turn comes, although each task sees the source a little later
than the one before. "Clear with downstream" keeps that order for a table that is retried.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    CronTriggerTimetable,
    Param,
    TaskGroup,
    TriggerRule,
    task,
)

from finhouse.orchestration.names import (
    ANNOUNCEMENT_POOL,
    DATE_RANGE,
    FULL_REFRESH,
    INCREMENTAL,
    WRITER_POOL,
    extract_load_dag_id,
)
from finhouse.orchestration.task_defaults import DEFAULT_ARGS, deadline
from finhouse.sources import available_sources, read_source
from finhouse.sources.definitions import SourceDefinition, raw_schema

# A new Airflow begins with the next run of the schedule. By default it makes up for one that was
# due within a tenth of a day, so what it does would depend on the hour. Not zero: this file, read
# again between the due time and the scheduler's turn, would put the run off until tomorrow.
FIRST_RUN = timedelta(minutes=5)


def run_parameters(definition: SourceDefinition) -> dict[str, Param]:
    """The form behind "Trigger": what to load, and how."""
    return {
        "load": Param(
            INCREMENTAL,
            type="string",
            enum=[INCREMENTAL, FULL_REFRESH, DATE_RANGE],
            description="What changed since the last load, everything, or a range of days.",
        ),
        "tables": Param(
            [],
            type="array",
            items={"type": "string", "enum": list(definition.table_names)},
            examples=list(definition.table_names),
            description="Only these tables; none chosen means all of them.",
        ),
        "first_day": Param(
            None, type=["null", "string"], format="date", description="Of a date range (UTC)."
        ),
        "last_day": Param(
            None, type=["null", "string"], format="date", description="Inclusive; as above."
        ),
        "round": Param(
            None,
            type=["null", "string"],
            maxLength=200,
            description="Count this run by hand as the source's load of a round: a scheduled day, "
            "such as 2026-06-30, or a name of yours. The transform runs for a round when every "
            "source has been loaded for it. Scheduled runs count for their day.",
        ),
        "reconcile": Param(
            True,
            type="boolean",
            description="Compare raw with the source afterwards, and reload what differs.",
        ),
    }


def sum_counts(loaded: list[dict[str, int] | None]) -> dict[str, int]:
    """Row counts of all tables together: what the Asset's event carries."""
    summed: Counter[str] = Counter()
    for counts in loaded:
        summed.update(counts or {})
    return dict(summed)


def extract_load_dag(definition: SourceDefinition) -> DAG:
    """Copy one source into its raw schema."""
    dag_id = extract_load_dag_id(definition.name)
    raw = Asset(raw_schema(definition.name))
    with DAG(
        dag_id,
        description=definition.description,
        schedule=CronTriggerTimetable(
            definition.schedule, timezone=definition.time_zone, run_immediately=FIRST_RUN
        ),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        deadline=deadline(dag_id, definition.deadline_minutes),
        params=run_parameters(definition),
        tags=["extract-load", definition.name],
        doc_md=__doc__,
    ) as dag:

        @task(pool=WRITER_POOL, trigger_rule=TriggerRule.ALL_DONE)
        def load(table: str, params: dict[str, Any] | None = None) -> dict[str, int]:
            from finhouse.orchestration import tasks

            return tasks.load_table(definition.name, table, params or {})

        @task(pool=WRITER_POOL, trigger_rule=TriggerRule.NONE_FAILED)
        def reconcile(params: dict[str, Any] | None = None) -> dict[str, str]:
            from finhouse.orchestration import tasks

            return tasks.reconcile(definition.name, params or {})

        @task(outlets=[raw], trigger_rule=TriggerRule.NONE_FAILED, pool=ANNOUNCEMENT_POOL)
        def announce(
            loaded: list[dict[str, int]],
            params: dict[str, Any] | None = None,
            dag_run: Any = None,
            outlet_events: Any = None,
        ) -> str:
            """Tell whoever waits for this source that it is loaded for a round; return which."""
            from finhouse.orchestration import tasks

            of_round = tasks.round_of(params or {}, dag_run, definition.time_zone)
            outlet_events[raw].extra = sum_counts(loaded)
            outlet_events[raw].add_partitions(of_round)
            return of_round

        groups = {name: TaskGroup(name) for name in definition.groups}
        loads = {}
        for unit in definition.load_units:
            with groups[unit.group]:
                loads[unit.name] = load.override(task_id=unit.name)(unit.name)
        for unit in definition.load_units:
            for parent in unit.references:
                loads[unit.name] >> loads[parent]
        list(loads.values()) >> reconcile() >> announce(list(loads.values()))
    return dag


for source_name in available_sources():
    globals()[extract_load_dag_id(source_name)] = extract_load_dag(read_source(source_name))
