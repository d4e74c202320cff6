"""dbt over all raw schemas: freshness, one build with its tests, publication.

Runs when every source has been loaded since the last run. One dbt process builds all models: DuckDB
has one writer, and a process per model would start dbt as many times. The tasks below "models" show
each model and its tests; they live in the triggerer and start no process.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetAll, Metadata, Param, TaskGroup, task

from finhouse.extract_load import available_sources
from finhouse.extract_load.definitions import raw_schema
from finhouse.orchestration import alerts, tasks
from finhouse.orchestration.manners import DEFAULT_ARGS, deadline
from finhouse.orchestration.model_graph import read_model_graph
from finhouse.orchestration.model_sensor import ModelSensor
from finhouse.orchestration.names import PUBLISHED_ASSET, TRANSFORM_DAG, WRITER_POOL
from finhouse.settings import load_settings

DEADLINE_MINUTES = 120
published_marts = Asset(PUBLISHED_ASSET)
settings = load_settings()
LOG_FOLDER = f"{settings.dbt_output}/runs/{{{{ run_id }}}}"


def give_up(context: dict[str, Any]) -> None:
    """The build failed for good: alert, and let the models' tasks end."""
    tasks.give_up_on_models(context["task"].op_args[0])
    alerts.task_failed(context)


with DAG(
    TRANSFORM_DAG,
    description="dbt build with tests, then publication to readers",
    schedule=AssetAll(*(Asset(raw_schema(name)) for name in available_sources())),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    deadline=deadline(TRANSFORM_DAG, DEADLINE_MINUTES),
    params={
        "full_refresh": Param(False, type="boolean", description="Build every model anew."),
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            description="Business day the marts speak for; default the last complete day loaded.",
        ),
    },
    tags=["dbt"],
    doc_md=__doc__,
    render_template_as_native_obj=True,
) as dag:

    @task(pool=WRITER_POOL)
    def freshness_gate() -> None:
        tasks.judge_freshness()

    @task(pool=WRITER_POOL, on_failure_callback=give_up)
    def build(log_folder: str, params: dict[str, Any] | None = None) -> dict[str, int]:
        return tasks.build(log_folder, params or {})

    @task(pool=WRITER_POOL, outlets=[published_marts])
    def publish():
        yield Metadata(published_marts, tasks.hand_to_readers())

    fresh = freshness_gate()
    built = build(LOG_FOLDER)
    fresh >> built >> publish()

    models = read_model_graph(settings)
    sensors: dict[str, ModelSensor] = {}
    groups: dict[tuple[str, ...], TaskGroup] = {(): TaskGroup("models")} if models else {}
    for model in models:
        for depth in range(1, len(model.folder) + 1):
            folder = model.folder[:depth]
            if folder not in groups:
                groups[folder] = TaskGroup(folder[-1], parent_group=groups[folder[:-1]])
        sensors[model.unique_id] = ModelSensor(
            task_id=model.name,
            task_group=groups[model.folder],
            folder=LOG_FOLDER,
            unique_ids=[model.unique_id, *model.tests],
            give_up=DEADLINE_MINUTES * 60,
            retries=0,
            retry_policy=None,
            on_failure_callback=None,
        )
    for model in models:
        for parent in model.parents:
            sensors[parent] >> sensors[model.unique_id]
        if not model.parents:
            fresh >> sensors[model.unique_id]
