"""The command line: `finhouse --help`. Each command does one step of the job; `build` does all."""

from __future__ import annotations

import logging
import os
from importlib import import_module

import click
from rich.markup import escape

from finhouse import __version__
from finhouse.cli.machine import is_interruption, of_the_machine
from finhouse.console import console
from finhouse.domains import domains_added
from finhouse.errors import FinhouseError
from finhouse.settings import TARGETS, load_settings

# What finhouse keeps, data, logs and passwords, is its user's alone.
PRIVATE = 0o077
# Commands that write into the project, which is everybody's.
_OF_THE_PROJECT = ("new", "docs", "codeowners", "kpis")

# Commands by module of this package: a module is imported when one of its commands is called, as
# dbt, Superset's bundle and the engines take seconds to import.
_COMMANDS = {
    "airflow": ("airflow",),
    "audit": ("audit",),
    "api": ("api",),
    "backup": ("backup", "backup-key", "restore", "restore-test"),
    "bench": ("bench",),
    "build": ("build", "day"),
    "cdc": ("cdc",),
    "dashboards": ("dashboards",),
    "dbt": ("dbt", "env", "packages"),
    "demo": ("demo",),
    "docs": ("codeowners", "docs", "kpis"),
    "doctor": ("doctor",),
    "environment": ("environment", "pseudonym-key"),
    "gate": ("gate",),
    "load": ("load", "reconcile", "withdraw"),
    "marts": ("explain", "fetch", "publish", "scorecard", "ship"),
    "new": ("new",),
    "oltp": ("oltp",),
    "parity": ("parity",),
    "pulse": ("pulse",),
    "purge": ("purge",),
    "real_data": ("verify-real",),
    "snowflake": ("snowflake",),
    "sources": ("sources",),
}
_MODULE_OF = {command: module for module, commands in _COMMANDS.items() for command in commands}


class Commands(click.Group):
    """The commands of this package, imported on demand.

    Project errors are reported in one paragraph with their exit code, never as a traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULE_OF)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULE_OF:
            return None
        module = import_module(f"finhouse.cli.{_MODULE_OF[cmd_name]}")
        return next(
            part
            for part in vars(module).values()
            if isinstance(part, click.Command) and part.name == cmd_name
        )

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if is_interruption(error):
                raise click.Abort from None
            told = error if isinstance(error, FinhouseError) else of_the_machine(error)
            if told is None:
                raise
            console.print(f"[bold red]Error:[/bold red] {escape(str(told))}")
            ctx.exit(told.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--target", help=f"Warehouse engine: {', '.join(TARGETS)}.")
@click.pass_context
def main(ctx: click.Context, target: str | None) -> None:
    """An open, dbt-centric analytics warehouse for financial services."""
    if ctx.invoked_subcommand not in _OF_THE_PROJECT:
        os.umask(PRIVATE)
    # What goes wrong is said once, by our own errors; libraries would say it on stderr as well.
    logging.getLogger().addHandler(logging.NullHandler())
    ctx.obj = load_settings(target=target)
    # Beside the output, which a shell may evaluate (`finhouse env`).
    for domain in domains_added():
        click.echo(f"domain {domain} is selected, too: a listed one requires it", err=True)
