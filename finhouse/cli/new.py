"""``finhouse new``: the files of a new source or table, for a person to complete."""

from __future__ import annotations

import click

from finhouse.console import console
from finhouse.errors import ConfigurationError
from finhouse.oltp import oltp_url
from finhouse.scaffold.names import check_name
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.sources import plan_source, plan_table
from finhouse.settings import Settings


@click.group()
def new() -> None:
    """Write the files of a new source, table, mart, KPI or domain; nothing is overwritten."""


@new.command("source")
@click.argument("name")
@click.option("--from-database", "schema", help="Schema of the OLTP database to read.")
@click.pass_obj
def new_source(settings: Settings, name: str, schema: str | None) -> None:
    """Declare a source, with a staging model for each table."""
    plan = _plan(settings)
    check_name("source", name)
    if not schema:
        raise ConfigurationError(
            f"nothing says what {name} is loaded from", "add --from-database SCHEMA"
        )
    plan_source(plan, name, oltp_url(settings), schema)
    _finish(plan)


@new.command("table")
@click.argument("name")
@click.option("--source", required=True, help="The source that is to load it.")
@click.pass_obj
def new_table(settings: Settings, name: str, source: str) -> None:
    """Add table NAME of the OLTP database, as the database calls it, to a source."""
    plan = _plan(settings)
    plan_table(plan, source, name, oltp_url(settings))
    _finish(plan)


def _plan(settings: Settings) -> Plan:
    return Plan(settings.project_root)


def _finish(plan: Plan) -> None:
    """Write the files; say which, what was decided, and what is left to a person."""
    plan.write()
    for title, lines in (
        ("Written:", list(plan.new)),
        ("Changed:", list(plan.changed)),
        ("Decided:", plan.remarks),
    ):
        if lines:
            console.print(f"[bold]{title}[/bold]")
            for line in lines:
                console.print(f"  {line}", markup=False)
    if plan.to_say:
        console.print("[bold]For a person to say; `make ci` asks for what is missing:[/bold]")
        for path, sentences in plan.to_say.items():
            console.print(f"  {path}", markup=False)
            for sentence in sentences:
                console.print(f"    - {sentence}", markup=False)
    console.print(f"Next: {plan.next_command}", markup=False)
