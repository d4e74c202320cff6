"""``finhouse gate``: the pull-request gate on the command line."""

from __future__ import annotations

import click

from finhouse.console import console
from finhouse.gate.inputs import DEFAULT_SCALE
from finhouse.gate.steps import COMPARING, run_gate
from finhouse.settings import Settings

base_option = click.option(
    "--base", "ref", help="Commit to compare with; default where the branch left main."
)
scale_option = click.option(
    "--scale",
    type=click.FloatRange(min=0.001),
    default=DEFAULT_SCALE,
    show_default=True,
    help="Size of the demo company both versions are built on.",
)


@click.group()
def gate() -> None:
    """Judge a change as its pull request will be judged (`make ci`)."""


@gate.command("run")
@base_option
@scale_option
@click.pass_obj
def gate_run(settings: Settings, ref: str | None, scale: float) -> None:
    """Run every step, cheapest first; what takes long begins when no other has failed."""
    run_gate(settings, ref, scale)
    console.print("The gate is open.")


@gate.command("moves")
@base_option
@scale_option
@click.pass_obj
def gate_moves(settings: Settings, ref: str | None, scale: float) -> None:
    """Build base and head on the same frozen input and report what moves."""
    run_gate(settings, ref, scale, only=COMPARING)
