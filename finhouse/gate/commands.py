"""The commands of the pull-request gate: ``finhouse gate --help``."""

from __future__ import annotations

from pathlib import Path

import click

from finhouse.console import console
from finhouse.errors import FinhouseError, GateError
from finhouse.gate.builds import build_both
from finhouse.gate.folders import exclusive, gate_home
from finhouse.gate.inputs import DEFAULT_SCALE
from finhouse.gate.moves import Moves, find_moves
from finhouse.gate.report import declaration_lines, render, render_failure, summary
from finhouse.settings import Settings


@click.group()
def gate() -> None:
    """Tell before a merge what a change breaks and what it moves."""


@gate.command("moves")
@click.option("--base", "ref", help="What to compare with; default where the branch left main.")
@click.option(
    "--scale",
    type=click.FloatRange(min=0.001),
    default=DEFAULT_SCALE,
    show_default=True,
    help="Size of the demo company both are built on.",
)
@click.pass_obj
def moves_command(settings: Settings, ref: str | None, scale: float) -> None:
    """Build base and head on the same frozen input and report what moves."""
    report_moves(settings, ref, scale)


def moves_report(settings: Settings) -> Path:
    """Where the report is written."""
    return gate_home(settings) / "moves.md"


def report_moves(settings: Settings, ref: str | None = None, scale: float = DEFAULT_SCALE) -> Moves:
    """Build both, write the report, and say the most important of it.

    Raises:
        GateError: a breaking change is not declared in CHANGELOG.md.
        FinhouseError: there is no base, or one of the two does not build.
    """
    report = moves_report(settings)
    with exclusive(settings):
        report.unlink(missing_ok=True)
        try:
            moves = find_moves(build_both(settings, ref, scale))
        except FinhouseError as error:
            report.write_text(render_failure(error.message), encoding="utf-8")
            raise
        report.write_text(render(moves), encoding="utf-8")
    for line in summary(moves):
        console.print(line, markup=False)
    console.print(f"Report: {report}", markup=False)
    if moves.undeclared:
        raise GateError(
            "CHANGELOG.md does not declare what breaks: "
            + ", ".join(entry.name for entry in moves.undeclared),
            "undo them, or add to CHANGELOG.md, completed with words of yours:\n"
            + "\n".join(f"    {line}" for line in declaration_lines(moves.undeclared)),
        )
    return moves
