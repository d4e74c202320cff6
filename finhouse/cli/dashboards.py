"""``finhouse dashboards``: Superset and what it shows."""

from __future__ import annotations

import click

from finhouse.console import console, print_table, step
from finhouse.dashboards.exposures import write_exposures
from finhouse.dashboards.loading import load_definitions
from finhouse.dashboards.serving import check_dashboards, serve, superset_server
from finhouse.settings import Settings
from finhouse.warehouse import connect_published


@click.group()
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
    if not served.imported:
        console.print("  Superset shows them as the code says: nothing to import")
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
