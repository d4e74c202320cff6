"""What the ``status`` commands have in common."""

from __future__ import annotations

import click

from finhouse.console import console
from finhouse.errors import ServiceError


def say_whether_running(is_running: bool) -> None:
    """Print it, and end the command with the code of a server that does not run, for scripts."""
    console.print("running" if is_running else "not running")
    if not is_running:
        click.get_current_context().exit(ServiceError.exit_code)
