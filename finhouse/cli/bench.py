"""``finhouse bench``: what loads, builds and answers cost."""

from __future__ import annotations

import click

from finhouse.bench.api_load import bench_api
from finhouse.bench.running import run_benchmarks
from finhouse.settings import Settings


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes: a look, not a measurement.")
@click.option("--api", is_flag=True, help="The KPI API under load instead, on what is built here.")
@click.pass_obj
def bench(settings: Settings, quick: bool, api: bool) -> None:
    """Measure extract-load and dbt beside the bare engines, and print the table."""
    if api:
        bench_api(settings, quick=quick)
    else:
        run_benchmarks(settings, quick=quick)
