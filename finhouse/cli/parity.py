"""``finhouse parity``: the same input on several engines."""

from __future__ import annotations

import click

from finhouse.errors import ConfigurationError
from finhouse.parity import COMPARED, DEFAULT_SCALE, REFERENCE, run_parity
from finhouse.settings import Settings


@click.command()
@click.option(
    "--scale",
    type=click.FloatRange(min=0.001),
    default=DEFAULT_SCALE,
    show_default=True,
    help="Size of the demo company.",
)
@click.option(
    "--targets",
    default=",".join(COMPARED),
    show_default=True,
    help=f"Engines to compare with {REFERENCE}, separated by commas.",
)
@click.pass_obj
def parity(settings: Settings, scale: float, targets: str) -> None:
    """Build the same input on several engines and compare every mart row by row."""
    chosen = targets.split(",")
    for target in chosen:
        if target not in COMPARED:
            raise ConfigurationError(
                f"{target!r} is no engine to compare with {REFERENCE}",
                f"use --targets {','.join(COMPARED)} or some of them",
            )
    run_parity(settings, chosen, scale)
