"""``finhouse audit``: does the audit trail of the source hold."""

from __future__ import annotations

import click

from finhouse.audit import refuse_findings
from finhouse.audit import verify as verify_trail
from finhouse.console import console, step
from finhouse.settings import Settings


@click.group()
def audit() -> None:
    """The audit trail of the source."""


@audit.command()
@click.pass_obj
def verify(settings: Settings) -> None:
    """Check numbers, hashes and statuses of the audit trail, as loaded."""
    with step("Audit trail"):
        found = verify_trail(settings)
    refuse_findings(found)
    console.print(
        f"{found.events:,} events of {found.entities:,} entities: no gap, no broken chain, no"
        " changed event, no status without one."
    )
