"""``finhouse bench``: what loads and builds cost."""

from __future__ import annotations

import click

from finhouse.bench.running import run_benchmarks
from finhouse.settings import Settings


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes: a look, not a measurement.")
@click.pass_obj
def bench(settings: Settings, quick: bool) -> None:
    """Measure extract-load and dbt beside the bare engines, and print the table."""
    run_benchmarks(settings, quick=quick)
