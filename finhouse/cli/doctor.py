"""``finhouse doctor``: what a kill or a fault has left."""

from __future__ import annotations

import click

from finhouse.console import console
from finhouse.errors import WarehouseError
from finhouse.safety.doctor import Finding, examine
from finhouse.settings import Settings


@click.command()
@click.option("--repair", is_flag=True, help="Repair what can be repaired.")
@click.pass_obj
def doctor(settings: Settings, repair: bool) -> None:
    """Look for what a kill or a fault has left, and say what it means."""
    repaired, remaining = examine(settings, repair=repair)
    for finding in repaired:
        _print(finding, "repaired")
    for finding in remaining:
        _print(finding, "repair" if finding.repair else "remedy")
    if remaining:
        count = len(remaining)
        raise WarehouseError(
            f"{count} finding{'s' if count > 1 else ''} of the {settings.target} warehouse"
            f" {'remain' if count > 1 else 'remains'}",
            "run: finhouse doctor --repair"
            if any(finding.repair for finding in remaining)
            else "follow the remedy of each",
        )
    console.print("Nothing to repair." if not repaired else f"{len(repaired)} repaired.")


def _print(finding: Finding, label: str) -> None:
    console.print(f"{finding.place}: {finding.what}", markup=False)
    console.print(f"  why it matters: {finding.why}", markup=False)
    console.print(f"  {label}: {finding.remedy}", markup=False)
