"""``finhouse demo``: the company that lives in the OLTP database and drops files."""

from __future__ import annotations

import click

from finhouse import demo
from finhouse.console import console
from finhouse.oltp import oltp_url
from finhouse.pipeline import BuildOptions, live
from finhouse.settings import Settings


@click.command("demo")
@click.option("--scale", type=click.FloatRange(min=0.001), help="Its size, 1 = 20,000 users.")
@click.option("--advance", type=click.IntRange(min=1), help="Live so many more days.")
@click.pass_obj
def demo_company(settings: Settings, scale: float | None, advance: int | None) -> None:
    """Fill an empty OLTP and an empty landing folder with the demo company, or let it live on."""
    url = oltp_url(settings)
    if advance:
        console.print(demo.advance(url, advance, home=settings.demo_home).message)
    else:
        live(settings, url, BuildOptions(scale=scale))
