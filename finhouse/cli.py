"""The command line: `finhouse --help`. Each command does one step of the job; `build` does all."""

from __future__ import annotations

import os
import shlex
import sys
from datetime import datetime

import click
from rich.markup import escape

from finhouse import __version__, demo
from finhouse.bench.running import run_benchmarks
from finhouse.bridge.snowflake_account import snowflake_emulator
from finhouse.bridge.snowflake_check import check_snowflake_sql
from finhouse.console import console, print_table, step
from finhouse.dashboards.definitions import load_definitions
from finhouse.dashboards.exposures import write_exposures
from finhouse.dashboards.serving import (
    check_dashboards,
    refresh_caches,
    serve,
    superset_server,
)
from finhouse.dbt_packages import install_dbt_packages
from finhouse.documentation.site import shares, write_site
from finhouse.errors import ConfigurationError, FinhouseError, ServiceError
from finhouse.extract_load import (
    DateWindow,
    load_source,
    refuse_differences,
    withdraw_file,
)
from finhouse.extract_load.capture_setup import (
    capture_status,
    disable_capture,
    enable_capture,
)
from finhouse.gate.commands import gate
from finhouse.oltp import EmbeddedServer, oltp_url
from finhouse.orchestration.local import USER, LocalAirflow, show_models
from finhouse.parity import COMPARED, DEFAULT_SCALE, REFERENCE, run_parity
from finhouse.pipeline import (
    DEMO_SEED,
    BuildOptions,
    connect,
    connect_published,
    live,
    load_all,
    reconcile_all,
    run_build,
)
from finhouse.publish import ensure_reporting_tables, publish
from finhouse.real_data import verify_real
from finhouse.scorecard import print_scorecard
from finhouse.settings import BRIDGED_TARGETS, PROJECT_ROOT, TARGETS, Settings, load_settings
from finhouse.sources import available_sources
from finhouse.transform import dbt_environment, fetch_marts, run_dbt, ship_raw

DAY = click.DateTime(["%Y-%m-%d"])


class Commands(click.Group):
    """Reports project errors in one paragraph with their exit code, never a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except FinhouseError as error:
            console.print(f"[bold red]Error:[/bold red] {escape(str(error))}")
            ctx.exit(error.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--target", help=f"Warehouse engine: {', '.join(TARGETS)}.")
@click.pass_context
def main(ctx: click.Context, target: str | None) -> None:
    """An open, dbt-centric analytics warehouse for financial services."""
    ctx.obj = load_settings(target=target)


@main.command()
@click.option("--scale", type=click.FloatRange(min=0.001), help="Size of the demo company.")
@click.option("--as-of", type=DAY, help="Business day the marts speak for.")
@click.option("--full-refresh", is_flag=True, help="Load and build everything from scratch.")
@click.pass_obj
def build(
    settings: Settings, scale: float | None, as_of: datetime | None, full_refresh: bool
) -> None:
    """Load, transform, test and publish; then print the scorecard."""
    options = BuildOptions(
        scale=scale, as_of=as_of.date() if as_of else None, full_refresh=full_refresh
    )
    run_build(settings, options)


@main.command()
@click.option("--days", type=click.IntRange(min=1), default=1, show_default=True)
@click.pass_obj
def day(settings: Settings, days: int) -> None:
    """Let the demo company live on for some days, then run an incremental build."""
    if settings.oltp_url:
        raise ConfigurationError(
            "the demo company lives in the embedded server, but OLTP_URL is set",
            "unset OLTP_URL, or run `make build` to load what changed in your own database",
        )
    run_build(settings, BuildOptions(advance_days=days))


@main.command()
@click.option("--scale", type=click.FloatRange(min=0.001), help="Its size, 1 = 20,000 users.")
@click.option("--advance", type=click.IntRange(min=1), help="Live so many more days.")
@click.pass_obj
def demo_company(settings: Settings, scale: float | None, advance: int | None) -> None:
    """Fill an empty OLTP database with the demo company, or let it live on."""
    url = oltp_url(settings)
    if advance:
        report = demo.advance(url, advance, home=settings.demo_home)
    else:
        report = demo.create(url, scale=scale, seed=DEMO_SEED, home=settings.demo_home)
    console.print(report.message)


main.add_command(demo_company, "demo")
main.add_command(gate)


@main.command()
@click.argument("source", required=False)
@click.argument("tables", nargs=-1)
@click.option("--full-refresh", is_flag=True, help="Reload the tables from scratch.")
@click.option("--from", "first", type=DAY, help="Load again the rows or files from this day ...")
@click.option("--to", "last", type=DAY, help="... to this one (UTC), both included.")
@click.pass_obj
def load(
    settings: Settings,
    source: str | None,
    tables: tuple[str, ...],
    full_refresh: bool,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Extract-load all sources, one SOURCE, or some TABLES of it."""
    window = _window(first, last)
    url = oltp_url(settings)
    if source and (tables or window):
        with connect(settings) as warehouse:
            ensure_reporting_tables(warehouse)
            results = load_source(
                settings,
                source,
                oltp_url=url,
                warehouse=warehouse,
                tables=list(tables) or None,
                full_refresh=full_refresh,
                window=window,
            )
    elif window:
        raise ConfigurationError(
            "--from and --to need a source",
            f"name one of {', '.join(available_sources())}, as in finhouse load wallet --from ...",
        )
    else:
        results = load_all(settings, url, [source] if source else None, full_refresh)
    print_table(
        "Loaded",
        ["source", "table", "mode", "read", "new", "changed", "deleted", "in raw"],
        [
            (
                result.source_name,
                result.file_name or result.table_name,
                result.load_mode,
                f"{result.counts.read:,}",
                f"{result.counts.inserted:,}",
                f"{result.counts.updated:,}",
                f"{result.counts.deleted:,}",
                "-" if result.counts.raw is None else f"{result.counts.raw:,}",
            )
            for result in results
        ],
        numeric=("read", "new", "changed", "deleted", "in raw"),
    )


@main.group()
def cdc() -> None:
    """Change data capture by replication slots in the OLTP database (OLTP_URL)."""


@cdc.command("enable")
@click.argument("source")
@click.argument("table")
@click.pass_obj
def cdc_enable(settings: Settings, source: str, table: str) -> None:
    """Make publication and replication slot of a table that declares cursor: replication_slot."""
    identity = _warehouse_identity(settings)
    if enable_capture(oltp_url(settings), source, table, identity):
        console.print(f"{source}.{table} is captured; next: finhouse load {source} {table}")
    else:
        console.print(f"{source}.{table} is captured already")


@cdc.command("disable")
@click.argument("source")
@click.argument("table")
@click.pass_obj
def cdc_disable(settings: Settings, source: str, table: str) -> None:
    """Drop both again, so that the source frees its log."""
    if disable_capture(oltp_url(settings), source, table, _warehouse_identity(settings)):
        console.print(f"{source}.{table} is not captured any more; declare another cursor for it")
    else:
        console.print(f"{source}.{table} was not captured for this warehouse")


@cdc.command("status")
@click.pass_obj
def cdc_status(settings: Settings) -> None:
    """Show each slot of finhouse: how far it is behind, how much log the source keeps for it."""
    statuses = capture_status(oltp_url(settings), _warehouse_identity(settings))
    print_table(
        "Change data capture",
        ["slot", "table", "state", "confirmed", "behind MB", "log kept MB"],
        [
            (
                status.name,
                status.reader or "(not read by this warehouse)",
                status.state,
                status.confirmed,
                f"{status.slot.behind_bytes / 1e6:,.1f}" if status.slot else "-",
                f"{status.slot.retained_bytes / 1e6:,.1f}" if status.slot else "-",
            )
            for status in statuses
        ],
        numeric=("behind MB", "log kept MB"),
    )


def _warehouse_identity(settings: Settings) -> str:
    with connect(settings) as warehouse:
        return warehouse.identity


def _window(first: datetime | None, last: datetime | None) -> DateWindow | None:
    if first and last:
        return DateWindow(first.date(), last.date())
    if first or last:
        raise ConfigurationError(
            "only one of --from and --to was given", "give both; for a single day the same twice"
        )
    return None


@main.command()
@click.argument("source", required=False)
@click.argument("tables", nargs=-1)
@click.option("--heal", is_flag=True, help="Reload the key ranges that differ.")
@click.pass_obj
def reconcile(settings: Settings, source: str | None, tables: tuple[str, ...], heal: bool) -> None:
    """Compare raw with all sources, one SOURCE, or some TABLES of it."""
    results = reconcile_all(
        settings, oltp_url(settings), [source] if source else None, list(tables) or None, heal
    )
    print_table(
        "Reconciled (rows as found)",
        [
            "table",
            "in source",
            "in raw",
            "ranges",
            "missing",
            "surplus",
            "doubled",
            "changed",
            "is",
        ],
        [
            (
                f"{result.source_name}.{result.table_name}",
                f"{result.source_rows:,}",
                f"{result.raw_rows:,}",
                f"{result.differing_range_count:,} of {result.range_count:,}",
                f"{result.differences.missing:,}",
                f"{result.differences.surplus:,}",
                f"{result.differences.doubled:,}",
                f"{result.differences.changed:,}",
                "healed" if result.is_healed else result.status,
            )
            for result in results
        ],
        numeric=("in source", "in raw", "ranges", "missing", "surplus", "doubled", "changed"),
    )
    refuse_differences(results)


@main.command()
@click.pass_obj
def sources(settings: Settings) -> None:
    """List the sources that are declared."""
    for name in available_sources():
        console.print(name)


@main.command()
@click.argument("source")
@click.argument("file_name")
@click.pass_obj
def withdraw(settings: Settings, source: str, file_name: str) -> None:
    """Remove the rows of one loaded file from the raw layer."""
    with connect(settings) as warehouse:
        removed = withdraw_file(settings, source, file_name, warehouse).counts.deleted
    console.print(f"{removed:,} rows of {file_name} withdrawn; `make build` recomputes the marts.")


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def dbt(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Run dbt with this project's environment: finhouse dbt build --select marts.wallet."""
    ctx.exit(run_dbt(ctx.obj, arguments))


@main.command()
@click.pass_obj
def env(settings: Settings) -> None:
    """Print the variables profiles.yml reads: eval "$(finhouse env)" && dbt build."""
    for name, value in dbt_environment(settings).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@main.command("publish")
@click.pass_obj
def publish_command(settings: Settings) -> None:
    """Publish the marts as they stand (a build does so by itself when its tests pass)."""
    with connect(settings) as warehouse:
        published = publish(settings, warehouse)
    refresh_caches(settings)
    console.print(
        f"Published {published.marts} marts, {published.rows:,} rows, to {published.location}."
    )


@main.command()
@click.option(
    "--scale",
    type=click.FloatRange(min=0.001),
    default=DEFAULT_SCALE,
    show_default=True,
    help="Size of the demo company.",
)
@click.option(
    "--targets",
    default=",".join(COMPARED),
    show_default=True,
    help=f"Engines to compare with {REFERENCE}, separated by commas.",
)
@click.pass_obj
def parity(settings: Settings, scale: float, targets: str) -> None:
    """Build the same input on several engines and compare every mart row by row."""
    chosen = targets.split(",")
    for target in chosen:
        if target not in COMPARED:
            raise ConfigurationError(
                f"{target!r} is no engine to compare with {REFERENCE}",
                f"use --targets {','.join(COMPARED)} or some of them",
            )
    run_parity(settings, chosen, scale)


@main.command("ship")
@click.option("--all", "everything", is_flag=True, help="Ship what is unchanged, too.")
@click.pass_obj
def ship_command(settings: Settings, everything: bool) -> None:
    """Send a bridged engine the raw tables that changed (a build does so by itself)."""
    _refuse_unbridged(settings)
    ship_raw(settings, everything=everything)


@main.command("fetch")
@click.pass_obj
def fetch_command(settings: Settings) -> None:
    """Fetch the marts of a bridged engine as they stand (a build does so when its tests pass)."""
    _refuse_unbridged(settings)
    fetch_marts(settings)


def _refuse_unbridged(settings: Settings) -> None:
    if not settings.is_bridged:
        raise ConfigurationError(
            f"target {settings.target} is loaded directly: there is nothing to ship or fetch",
            f"name an engine behind the bridge: --target {' or '.join(BRIDGED_TARGETS)}",
        )


@main.command()
@click.pass_obj
def scorecard(settings: Settings) -> None:
    """Print the KPI scorecard from what readers see."""
    with connect_published(settings) as published:
        print_scorecard(published)


@main.command()
@click.pass_obj
def packages(settings: Settings) -> None:
    """Install the dbt packages and say which dbt_utils is in use."""
    offline = os.environ.get("FINHOUSE_OFFLINE") == "1"
    console.print(f"  in use: {install_dbt_packages(settings.dbt_project, offline)}")


@main.group()
def oltp() -> None:
    """Start, stop or look at the embedded PostgreSQL server."""


@oltp.command("start")
@click.pass_obj
def oltp_start(settings: Settings) -> None:
    """Start the server and print the URL of the OLTP database."""
    click.echo(oltp_url(settings))


@oltp.command("stop")
@click.pass_obj
def oltp_stop(settings: Settings) -> None:
    """Stop the server; its data stays."""
    EmbeddedServer(settings.oltp_home).stop()
    console.print("embedded PostgreSQL stopped")


@oltp.command("status")
@click.pass_obj
def oltp_status(settings: Settings) -> None:
    """Say whether the server runs."""
    running = EmbeddedServer(settings.oltp_home).is_running()
    console.print("running" if running else "not running")
    sys.exit(0 if running else 1)


@main.group()
def snowflake() -> None:
    """Check the SQL for Snowflake; stop the emulator that stands in for an account."""


@snowflake.command("check")
@click.pass_obj
def snowflake_check(settings: Settings) -> None:
    """Hold all SQL against what Snowflake documents, without an account."""
    console.print(check_snowflake_sql(settings))


@snowflake.command("stop")
@click.pass_obj
def snowflake_stop(settings: Settings) -> None:
    """Stop the emulator; its data stays."""
    snowflake_emulator(settings).stop()
    console.print("Snowflake's emulator stopped")


@snowflake.command("status")
@click.pass_obj
def snowflake_status(settings: Settings) -> None:
    """Say whether the emulator runs."""
    running = snowflake_emulator(settings).is_running()
    console.print("running" if running else "not running")
    sys.exit(0 if running else 1)


@main.group()
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
            "read the failed task's log in the grid, then clear it; see docs/operations.md",
        )


@main.group()
def dashboards() -> None:
    """Check, serve and document the dashboards under superset/."""


@dashboards.command("check")
@click.pass_obj
def dashboards_check(settings: Settings) -> None:
    """Check that every dashboard, chart, metric and column is there, without any server."""
    definitions = check_dashboards(settings)
    console.print(
        f"dashboards: {len(definitions.dashboards)} dashboards, {len(definitions.charts)} charts, "
        "no findings"
    )


@dashboards.command("exposures")
@click.pass_obj
def dashboards_exposures(settings: Settings) -> None:
    """Write the dbt exposures of the dashboards."""
    for path in write_exposures(settings, load_definitions()):
        console.print(f"{path} written")
    console.print("`make docs` shows which dashboard uses a mart")


@dashboards.command("serve")
@click.pass_obj
def dashboards_serve(settings: Settings) -> None:
    """Bring Superset up with all dashboards; say where it is and how to get in."""
    with step("Dashboards: check, import, start Superset"), connect_published(settings) as readable:
        served = serve(settings, readable)
    for kind, count in served.imported.items():
        gone = served.removed.get(kind, [])
        removed = f"; removed: {', '.join(gone)}" if gone else ""
        console.print(f"  {count} {kind} imported{removed}")
    print_table("Users", ["user", "password"], list(served.passwords.items()))
    console.print(
        f"{served.url}/dashboard/list/ reads the published marts of {settings.target}.\n"
        "Next: log in as viewer; `make serve-stop` ends it."
    )


@dashboards.command("stop")
@click.pass_obj
def dashboards_stop(settings: Settings) -> None:
    """Stop Superset; its state stays."""
    superset_server(settings).stop()
    console.print("Superset stopped")


@main.command()
@click.pass_obj
def docs(settings: Settings) -> None:
    """Document the project: models, column lineage, coverage; fails where marts have gaps."""
    folder = PROJECT_ROOT / "docs" / "site"
    covered = write_site(settings, folder)
    print_table(
        "Covered by documentation and tests",
        ["layer", "models", "columns described", "columns checked", "keys tested"],
        [(layer, str(models), *rest) for layer, models, *rest in shares(covered)],
        numeric=("models", "columns described", "columns checked", "keys tested"),
    )
    console.print(f"Open {folder / 'index.html'}")


@main.command("verify-real")
@click.pass_obj
def verify_real_command(settings: Settings) -> None:
    """Run the job on real data and compare the marts with reference figures."""
    verify_real(settings)


@main.command()
@click.option("--quick", is_flag=True, help="Small sizes: a look, not a measurement.")
@click.pass_obj
def bench(settings: Settings, quick: bool) -> None:
    """Measure extract-load and dbt beside the bare engines, and print the table."""
    run_benchmarks(settings, quick=quick)
