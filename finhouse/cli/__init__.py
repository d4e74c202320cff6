"""The command line: `finhouse --help`. Each command does one step of the job; `build` does all."""

from __future__ import annotations

import os

import click
from rich.markup import escape

from finhouse import __version__
from finhouse.cli import (
    airflow,
    bench,
    build,
    cdc,
    dashboards,
    dbt,
    demo,
    docs,
    gate,
    load,
    marts,
    new,
    oltp,
    parity,
    real_data,
    snowflake,
)
from finhouse.console import console
from finhouse.errors import FinhouseError
from finhouse.settings import TARGETS, load_settings

# What finhouse keeps, data, logs and passwords, is its user's alone.
PRIVATE = 0o077
# Commands that write into the project, which is everybody's.
_OF_THE_PROJECT = ("new", "docs", "codeowners", "kpis")


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
    if ctx.invoked_subcommand not in _OF_THE_PROJECT:
        os.umask(PRIVATE)
    ctx.obj = load_settings(target=target)


for command in (
    airflow.airflow,
    bench.bench,
    build.build,
    build.day,
    cdc.cdc,
    dashboards.dashboards,
    dbt.dbt,
    dbt.env,
    dbt.packages,
    demo.demo_company,
    docs.codeowners,
    docs.docs,
    docs.kpis,
    gate.gate,
    load.load,
    load.reconcile,
    load.sources,
    load.withdraw,
    marts.fetch_command,
    marts.publish_command,
    marts.scorecard,
    marts.ship_command,
    new.new,
    oltp.oltp,
    parity.parity,
    real_data.verify_real_command,
    snowflake.snowflake,
):
    main.add_command(command)
