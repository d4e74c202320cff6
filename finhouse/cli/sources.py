"""``finhouse sources``: what is declared to be loaded, and who may load it."""

from __future__ import annotations

import click

from finhouse.console import console
from finhouse.settings import Settings
from finhouse.sources import available_sources


@click.group(invoke_without_command=True)
@click.pass_context
def sources(ctx: click.Context) -> None:
    """List the sources that are declared."""
    if ctx.invoked_subcommand is None:
        for name in available_sources():
            console.print(name)


@sources.command()
@click.argument("source")
@click.option("--role", default="finhouse_source_reader", show_default=True, help="Who loads it.")
@click.pass_obj
def grants(settings: Settings, source: str, role: str) -> None:
    """Print SQL that makes a role which can load SOURCE, and read nothing else of its database."""
    from finhouse.extract_load.grants import reader_grants

    # Beside the console, which would break lines.
    for line in reader_grants(settings, source, role):
        click.echo(line)
