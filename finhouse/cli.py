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
from finhouse.console import console, print_table
from finhouse.dbt_packages import install_dbt_packages
from finhouse.errors import ConfigurationError, FinhouseError
from finhouse.extract_load import available_sources, load_source, withdraw_file
from finhouse.oltp import EmbeddedServer, oltp_url
from finhouse.pipeline import (
    DEMO_SEED,
    BuildOptions,
    connect,
    connect_published,
    load_all,
    run_build,
)
from finhouse.publish import ensure_reporting_tables, publish
from finhouse.real_data import verify_real
from finhouse.scorecard import print_scorecard
from finhouse.settings import TARGETS, Settings, load_settings
from finhouse.transform import dbt_environment, run_dbt


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
@click.option("--target", help=f"Warehouse engine: {' or '.join(TARGETS)}.")
@click.pass_context
def main(ctx: click.Context, target: str | None) -> None:
    """An open, dbt-centric analytics warehouse for financial services."""
    ctx.obj = load_settings(target=target)


@main.command()
@click.option("--scale", type=click.FloatRange(min=0.001), help="Size of the demo company.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Business day the marts speak for."
)
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


@main.command()
@click.argument("source", required=False)
@click.argument("tables", nargs=-1)
@click.option("--full-refresh", is_flag=True, help="Reload the tables from scratch.")
@click.pass_obj
def load(
    settings: Settings, source: str | None, tables: tuple[str, ...], full_refresh: bool
) -> None:
    """Extract-load all sources, one SOURCE, or some TABLES of it."""
    url = oltp_url(settings)
    if source and tables:
        with connect(settings) as warehouse:
            ensure_reporting_tables(warehouse)
            results = load_source(
                settings,
                source,
                oltp_url=url,
                warehouse=warehouse,
                tables=list(tables),
                full_refresh=full_refresh,
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
                f"{result.counts.raw:,}",
            )
            for result in results
        ],
        numeric=("read", "new", "changed", "deleted", "in raw"),
    )


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
    console.print(
        f"Published {published.marts} marts, {published.rows:,} rows, to {published.location}."
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
