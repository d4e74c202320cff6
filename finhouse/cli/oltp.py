"""``finhouse oltp``: the embedded PostgreSQL server."""

from __future__ import annotations

import click

from finhouse.cli.status import say_whether_running
from finhouse.console import console
from finhouse.oltp import EmbeddedServer, oltp_url
from finhouse.settings import Settings


@click.group()
def oltp() -> None:
    """Start, stop or look at the embedded PostgreSQL server."""


@oltp.command("start")
@click.pass_obj
def oltp_start(settings: Settings) -> None:
    """Start the server and print the URL of the OLTP database."""
    click.echo(oltp_url(settings))


@oltp.command("stop")
@click.pass_obj
def oltp_stop(settings: Settings) -> None:
    """Stop the server; its data stays."""
    EmbeddedServer(settings.oltp_home).stop()
    console.print("embedded PostgreSQL stopped")


@oltp.command("status")
@click.pass_obj
def oltp_status(settings: Settings) -> None:
    """Say whether the server runs."""
    say_whether_running(EmbeddedServer(settings.oltp_home).is_running())
