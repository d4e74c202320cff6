"""``finhouse publish``, ``scorecard``, ``explain``, ``ship``, ``fetch``: marts and readers."""

from __future__ import annotations

from functools import partial

import click

from finhouse.console import console
from finhouse.dashboards.serving import refresh_caches
from finhouse.errors import ConfigurationError
from finhouse.explain import print_explanation
from finhouse.publish import publish
from finhouse.scorecard import print_scorecard
from finhouse.settings import BRIDGED_TARGETS, Settings
from finhouse.transform import fetch_marts, refuse_failed_run, ship_raw
from finhouse.warehouse import connect, connect_published


@click.command("publish")
@click.pass_obj
def publish_command(settings: Settings) -> None:
    """Publish the marts as they stand (a build does so by itself when its tests pass).

    Refused while the last run of dbt says that a node failed.
    """
    refuse_failed_run(settings)
    with connect(settings) as warehouse:
        published = publish(settings, warehouse)
    refresh_caches(settings)
    console.print(
        f"Published {published.marts} marts, {published.rows:,} rows, to {published.location}."
    )


@click.command("ship")
@click.option("--all", "everything", is_flag=True, help="Ship what is unchanged, too.")
@click.pass_obj
def ship_command(settings: Settings, everything: bool) -> None:
    """Send a bridged engine the raw tables that changed (a build does so by itself)."""
    _refuse_unbridged(settings)
    ship_raw(settings, everything=everything)


@click.command("fetch")
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


@click.command()
@click.pass_obj
def scorecard(settings: Settings) -> None:
    """Print the KPI scorecard from what readers see."""
    with connect_published(settings) as published:
        print_scorecard(published)


@click.command()
@click.argument("kpi")
@click.argument("period")
@click.pass_obj
def explain(settings: Settings, kpi: str, period: str) -> None:
    """Print how a value of a KPI came about: its parts, and each change since it was reported.

    PERIOD is a month, such as 2026-06, or a day, such as 2026-06-30.
    """
    with connect_published(settings) as published:
        print_explanation(published, partial(connect, settings), kpi, period)
