"""``finhouse dbt``, ``env`` and ``packages``: dbt by hand."""

from __future__ import annotations

import os
import shlex

import click

from finhouse.console import console
from finhouse.dbt.packages import install_dbt_packages
from finhouse.dbt.process import dbt_environment, run_dbt
from finhouse.settings import Settings


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def dbt(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Run dbt with this project's environment: finhouse dbt build --select marts.wallet."""
    ctx.exit(run_dbt(ctx.obj, arguments))


@click.command()
@click.pass_obj
def env(settings: Settings) -> None:
    """Print the variables profiles.yml reads: eval "$(finhouse env)" && dbt build."""
    for name, value in dbt_environment(settings).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@click.command()
@click.pass_obj
def packages(settings: Settings) -> None:
    """Install the dbt packages and say which dbt_utils is in use."""
    offline = os.environ.get("FINHOUSE_OFFLINE") == "1"
    console.print(f"  in use: {install_dbt_packages(settings, offline)}")
