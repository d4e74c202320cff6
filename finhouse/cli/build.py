"""``finhouse build`` and ``day``: the whole job."""

from __future__ import annotations

from datetime import datetime

import click

from finhouse.cli.options import DAY
from finhouse.console import console
from finhouse.days import publish_past_day, settings_aside
from finhouse.errors import ConfigurationError
from finhouse.pipeline import BuildOptions, run_build
from finhouse.scorecard import print_scorecard
from finhouse.settings import Settings
from finhouse.warehouse import connect_published


@click.command()
@click.option("--scale", type=click.FloatRange(min=0.001), help="Size of the demo company.")
@click.option("--full-refresh", is_flag=True, help="Load and build everything from scratch.")
@click.option(
    "--as-of", type=DAY, help="Speak for this past day, from what is loaded; needs --publish-as."
)
@click.option("--publish-as", metavar="NAME", help="Publish the past day beside what readers see.")
@click.pass_obj
def build(
    settings: Settings,
    scale: float | None,
    full_refresh: bool,
    as_of: datetime | None,
    publish_as: str | None,
) -> None:
    """Load, transform, test and publish; then print the scorecard."""
    if as_of is None and publish_as is None:
        run_build(settings, BuildOptions(scale=scale, full_refresh=full_refresh))
        return
    if as_of is None or publish_as is None:
        raise ConfigurationError(
            "a past day is published beside what readers see, under a name",
            "give both: finhouse build --as-of 2026-03-31 --publish-as march_2026",
        )
    aside = settings_aside(settings, publish_as)
    published = publish_past_day(aside, as_of.date())
    with connect_published(aside) as readable:
        print_scorecard(readable, aside.published_schema)
    console.print(
        f"Published {published.marts} marts, {published.rows:,} rows, to {published.location}."
    )


@click.command()
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
