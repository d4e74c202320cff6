"""``finhouse sources``: what is declared to be loaded."""

from __future__ import annotations

import click

from finhouse.console import console
from finhouse.sources import available_sources


@click.command()
def sources() -> None:
    """List the sources that are declared."""
    for name in available_sources():
        console.print(name)
