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
@click.option(
    "--as-loaded", is_flag=True, help="Leave out the source: check what was loaded from it alone."
)
@click.pass_obj
def verify(settings: Settings, as_loaded: bool) -> None:
    """Compare the audit trail with its source; check its numbers, hashes and statuses."""
    with step("Audit trail"):
        found = verify_trail(settings, as_loaded=as_loaded)
    refuse_findings(found)
    console.print(
        f"{found.events:,} events of {found.entities:,} entities: no gap, no broken chain, no"
        " changed event, no status without one"
        + ("." if as_loaded else "; the source has each as it was loaded.")
    )
