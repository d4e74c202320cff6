"""``finhouse airflow``: the local Airflow."""

from __future__ import annotations

import click

from finhouse.console import console, print_table, step
from finhouse.errors import ServiceError
from finhouse.oltp import oltp_url
from finhouse.orchestration.local import USER, LocalAirflow, show_models
from finhouse.pipeline import BuildOptions, live
from finhouse.settings import Settings


@click.group()
def airflow() -> None:
    """Start, stop or run the local Airflow (`make airflow`)."""


@airflow.command("start")
@click.option("--scale", type=click.FloatRange(min=0.001), help="Size of the demo company.")
@click.pass_obj
def airflow_start(settings: Settings, scale: float | None) -> None:
    """Bring Airflow up with all DAGs; say where it is and how to get in."""
    url = oltp_url(settings)
    if not settings.oltp_url:
        live(settings, url, BuildOptions(scale=scale))
    with step("Airflow"):
        server = LocalAirflow(settings)
        server.start()
    console.print(f"{server.url}  user {USER}  password {server.password}", markup=False)
    console.print(
        "Next: `make airflow-run` triggers all loads and waits for the transform; "
        "`make airflow-stop` ends it."
    )


@airflow.command("stop")
@click.pass_obj
def airflow_stop(settings: Settings) -> None:
    """End Airflow; its metadata and logs stay."""
    LocalAirflow(settings).stop()
    console.print("Airflow stopped")


@airflow.command("cli", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def airflow_cli(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Run Airflow's own command line against it: finhouse airflow cli dags list."""
    ctx.exit(LocalAirflow(ctx.obj).run_cli(arguments))


@airflow.command("models")
@click.pass_obj
def airflow_models(settings: Settings) -> None:
    """Let the transform DAG show the models as the dbt project has them now."""
    show_models(settings)


@airflow.command("run")
@click.option("--timeout", type=click.IntRange(min=1), default=3600, show_default=True)
@click.pass_obj
def airflow_run(settings: Settings, timeout: int) -> None:
    """Trigger every extract-load DAG and wait for the transform that their Assets fire."""
    runs = LocalAirflow(settings).run_all(timeout)
    print_table(
        "DAG runs",
        ["DAG", "state", "seconds", "failed tasks"],
        [
            (run.dag_id, run.state, f"{run.seconds:.1f}", ", ".join(run.failed_tasks))
            for run in runs
        ],
        numeric=("seconds",),
    )
    failed = [run.dag_id for run in runs if run.state != "success"]
    if failed:
        raise ServiceError(
            f"{', '.join(failed)} failed; nothing new was published",
            "read the failed task's log in the grid, then clear it; see docs/how-to/operations.md",
        )
