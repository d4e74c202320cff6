"""``finhouse verify-real``: the job on data nobody here wrote."""

from __future__ import annotations

import click

from finhouse.real_data import verify_real
from finhouse.settings import Settings


@click.command("verify-real")
@click.pass_obj
def verify_real_command(settings: Settings) -> None:
    """Run the job on real data and compare the marts with reference figures."""
    verify_real(settings)
