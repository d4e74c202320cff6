"""``finhouse build`` and ``day``: the whole job."""

from __future__ import annotations

from datetime import datetime

import click

from finhouse.cli.options import DAY
from finhouse.errors import ConfigurationError
from finhouse.pipeline import BuildOptions, run_build
from finhouse.settings import Settings


@click.command()
@click.option("--scale", type=click.FloatRange(min=0.001), help="Size of the demo company.")
@click.option("--as-of", type=DAY, help="Business day the marts report on.")
@click.option("--full-refresh", is_flag=True, help="Load and build everything from scratch.")
@click.pass_obj
def build(
    settings: Settings, scale: float | None, as_of: datetime | None, full_refresh: bool
) -> None:
    """Load, transform, test and publish; then print the scorecard."""
    options = BuildOptions(
        scale=scale, as_of=as_of.date() if as_of else None, full_refresh=full_refresh
    )
    run_build(settings, options)


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
