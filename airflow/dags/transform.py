"""dbt over all raw schemas: freshness, one build with its tests, publication.

Runs for a round that every source has been loaded for, or when a micro-batch brought rows. Rounds
are partitions of the sources' Assets: what one night missed is never made up for by another night's
load. One dbt process builds all models: DuckDB has one writer, and a process per model would start
dbt as many times. The tasks below the layers show each model and its tests; they live in the
triggerer and start no process.

Tasks import what they need when they run: each of their processes reads this file first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    AssetAll,
    AssetAny,
    Metadata,
    Param,
    PartitionedAssetTimetable,
    TaskGroup,
    task,
)

from finhouse.orchestration import alerts
from finhouse.orchestration.dbt_log import end_log
from finhouse.orchestration.model_graph import read_model_graph
from finhouse.orchestration.model_sensor import ModelSensor
from finhouse.orchestration.names import (
    PUBLISHED_ASSET,
    TRANSFORM_DAG,
    TRANSFORM_MINUTES,
    WRITER_POOL,
    near_real_time_asset,
)
from finhouse.orchestration.schedules import check_rounds
from finhouse.orchestration.task_defaults import DEFAULT_ARGS, deadline
from finhouse.settings import load_settings
from finhouse.sources import available_sources, read_source
from finhouse.sources.definitions import raw_schema

check_rounds(map(read_source, available_sources()))
published_marts = Asset(PUBLISHED_ASSET)
settings = load_settings()
LOG_FOLDER = f"{settings.dbt_output}/runs/{{{{ run_id }}}}"


def give_up(context: dict[str, Any]) -> None:
    """The build failed for good: alert, and let the models' tasks end."""
    end_log(Path(context["task"].op_args[0]))
    alerts.task_failed(context)


with DAG(
    TRANSFORM_DAG,
    description="dbt build with tests, then publication to readers",
    schedule=PartitionedAssetTimetable(
        assets=AssetAny(
            AssetAll(*(Asset(raw_schema(name)) for name in available_sources())),
            *(
                Asset(near_real_time_asset(name))
                for name in available_sources()
                if read_source(name).near_real_time
            ),
        )
    ),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    deadline=deadline(TRANSFORM_DAG, TRANSFORM_MINUTES),
    params={
        "full_refresh": Param(False, type="boolean", description="Build every model from scratch."),
    },
    tags=["dbt"],
    doc_md=__doc__,
    render_template_as_native_obj=True,
) as dag:

    @task(pool=WRITER_POOL)
    def freshness_gate(dag_run: Any = None) -> None:
        from finhouse.orchestration import tasks

        tasks.judge_round(dag_run.partition_key)
        tasks.judge_freshness()

    @task(pool=WRITER_POOL, on_failure_callback=give_up)
    def build(log_folder: str, params: dict[str, Any] | None = None) -> dict[str, int]:
        from finhouse.orchestration import tasks

        return tasks.build(log_folder, params or {})

    @task(pool=WRITER_POOL, outlets=[published_marts])
    def publish():
        from finhouse.orchestration import tasks

        yield Metadata(published_marts, tasks.hand_to_readers())

    @task
    def refresh_dashboards() -> bool:
        from finhouse.orchestration import tasks

        return tasks.refresh_dashboards()

    fresh = freshness_gate()
    built = build(LOG_FOLDER)
    fresh >> built >> publish() >> refresh_dashboards()

    models = read_model_graph(settings)
    sensors: dict[str, ModelSensor] = {}
    # By layer alone: domains below a layer read each other's models, and Airflow shows groups
    # only where no two of them do.
    layers: dict[str, TaskGroup] = {}
    for model in models:
        if model.layer not in layers:
            layers[model.layer] = TaskGroup(model.layer)
        sensors[model.unique_id] = ModelSensor(
            task_id=model.name,
            task_group=layers[model.layer],
            folder=LOG_FOLDER,
            unique_ids=[model.unique_id, *model.tests],
            give_up=TRANSFORM_MINUTES * 60,
            retries=0,
            on_failure_callback=None,
        )
    for model in models:
        for parent in model.parents:
            sensors[parent] >> sensors[model.unique_id]
        if not model.parents:
            fresh >> sensors[model.unique_id]
