"""``finhouse new``: the files of a new source, table, mart, KPI or domain."""

from __future__ import annotations

import click

from finhouse.console import console
from finhouse.dbt.kpis import GRAINS
from finhouse.errors import ConfigurationError
from finhouse.extract_load import database_url, source_url
from finhouse.scaffold.domain import plan_domain
from finhouse.scaffold.kpi import plan_kpi
from finhouse.scaffold.mart import plan_mart
from finhouse.scaffold.names import check_name
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.sources import plan_source, plan_table
from finhouse.settings import Settings
from finhouse.sources import available_sources


@click.group()
def new() -> None:
    """Write the files of a new source, table, mart, KPI or domain; nothing is overwritten."""


_URL_ENV = click.option(
    "--url-env", help="Variable with the address of its database, if that is not OLTP_URL."
)
_TABLES = click.option(
    "--tables",
    "listed",
    default="",
    help="Tables of the schema, separated by commas; default all.",
)


@new.command("source")
@click.argument("name")
@click.option("--from-database", "schema", help="Schema of the database to read.")
@_TABLES
@_URL_ENV
@click.pass_obj
def new_source(
    settings: Settings, name: str, schema: str | None, listed: str, url_env: str | None
) -> None:
    """Declare a source, with a staging model for each table."""
    plan = _plan(settings)
    check_name("source", name)
    if not schema:
        raise ConfigurationError(
            f"nothing says what {name} is loaded from", "add --from-database SCHEMA"
        )
    url = database_url(settings, name, url_env)
    plan_source(plan, name, url, schema, tables=_names(listed), url_env=url_env)
    _finish(plan)


@new.command("table")
@click.argument("name")
@click.option("--source", required=True, help="The source that is to load it.")
@click.pass_obj
def new_table(settings: Settings, name: str, source: str) -> None:
    """Add table NAME of the source's database, as the database calls it, to a source."""
    plan = _plan(settings)
    # Without a database of its own, a source is refused by the plan, with what can be done.
    url = source_url(settings, source) if source in available_sources() else None
    plan_table(plan, source, name, url or "")
    _finish(plan)


@new.command("mart")
@click.argument("name")
@click.option("--domain", required=True, help="The domain it is of.")
@click.option("--from", "model", required=True, help="The model whose columns it begins with.")
@click.option("--grain", default="", help="Columns that identify a row, separated by commas.")
@click.option("--owner", default="", help="The team that answers for it.")
@click.option("--data-class", default="", help="public, internal, confidential or personal.")
@click.pass_obj
def new_mart(
    settings: Settings,
    name: str,
    domain: str,
    model: str,
    grain: str,
    owner: str,
    data_class: str,
) -> None:
    """Write a mart that shows the columns of a model, as a beginning."""
    plan = _plan(settings)
    check_name("mart", name)
    plan_mart(plan, name, domain, model, grain=_names(grain), owner=owner, data_class=data_class)
    _finish(plan)


@new.command("kpi")
@click.argument("code")
@click.option("--domain", required=True, help="The domain whose code it bears: <domain>_<name>.")
@click.option("--numerator", required=True, help="Expression over the domain's metrics models.")
@click.option("--denominator", help="The same, for a ratio.")
@click.option(
    "--grain",
    "grains",
    type=click.Choice(GRAINS),
    multiple=True,
    default=GRAINS,
    show_default=True,
    help="Periods it has values for.",
)
@click.option("--name", help="What readers call it; default the code in words.")
@click.option("--formula", default="", help="The formula in words.")
@click.option(
    "--unit",
    type=click.Choice(("currency", "count", "rate", "number", "ms")),
    help="What it is measured in; default by the name of the numerator.",
)
@click.option(
    "--direction",
    type=click.Choice(("higher", "lower", "none")),
    default="none",
    show_default=True,
    help="Which way is better.",
)
@click.option("--owner", default="", help="The team that answers for it.")
@click.pass_obj
def new_kpi(
    settings: Settings,
    code: str,
    domain: str,
    numerator: str,
    denominator: str | None,
    grains: tuple[str, ...],
    name: str | None,
    formula: str,
    unit: str | None,
    direction: str,
    owner: str,
) -> None:
    """Add a KPI to the registry of its domain and to the catalogue."""
    plan = _plan(settings)
    check_name("KPI", code)
    plan_kpi(
        plan,
        code,
        domain,
        grains=grains,
        numerator=numerator,
        denominator=denominator,
        name=name,
        formula=formula,
        unit=unit,
        direction=direction,
        owner=owner,
    )
    _finish(plan)


@new.command("domain")
@click.argument("name")
@click.option("--time-zone", required=True, help="Zone of its business days: Africa/Nairobi.")
@click.option("--currency", required=True, help="ISO 4217 code of its amounts.")
@click.option("--label", help="What viewers call it; default its name in words.")
@click.option("--from-database", "schema", help="Schema of its source, unless it has a source.")
@_TABLES
@_URL_ENV
@click.pass_obj
def new_domain(
    settings: Settings,
    name: str,
    time_zone: str,
    currency: str,
    label: str | None,
    schema: str | None,
    listed: str,
    url_env: str | None,
) -> None:
    """Declare a domain, with its source if need be, its first KPI and the models of KPIs."""
    plan = _plan(settings)
    check_name("domain", name)
    url = database_url(settings, name, url_env) if schema else ""
    plan_domain(
        plan,
        name,
        time_zone=time_zone,
        currency=currency,
        label=label,
        url=url,
        schema=schema,
        tables=_names(listed),
        url_env=url_env,
    )
    _finish(plan)


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


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
