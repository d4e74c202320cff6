"""``finhouse snowflake``: the SQL for Snowflake, and the emulator."""

from __future__ import annotations

import click

from finhouse.bridge.snowflake_check import check_snowflake_sql
from finhouse.bridge.snowflake_policies import policy_statements
from finhouse.clearances import read_clearances
from finhouse.cli.status import say_whether_running
from finhouse.console import console
from finhouse.dbt.manifest import marts_of, read_manifest
from finhouse.engines.snowflake_account import configured_database, snowflake_emulator
from finhouse.settings import Settings


@click.group()
def snowflake() -> None:
    """Check the SQL for Snowflake; stop the emulator that stands in for an account."""


@snowflake.command("check")
@click.pass_obj
def snowflake_check(settings: Settings) -> None:
    """Hold all SQL against what Snowflake documents, without an account."""
    console.print(check_snowflake_sql(settings))


@snowflake.command("policies")
@click.pass_obj
def snowflake_policies(settings: Settings) -> None:
    """Print SQL that makes views of the marts, which show each role what its clearance allows."""
    clearances = read_clearances(settings.clearances)
    marts = marts_of(read_manifest(settings))
    # Beside the console, which would break lines.
    for statement in policy_statements(clearances, marts, configured_database()):
        click.echo(f"{statement};")


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
    say_whether_running(snowflake_emulator(settings).is_running())
