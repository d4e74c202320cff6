"""``finhouse cdc``: change data capture."""

from __future__ import annotations

import click

from finhouse.console import console, print_table
from finhouse.extract_load.capture.setup import capture_status, disable_capture, enable_capture
from finhouse.extract_load.databases import source_url
from finhouse.settings import Settings
from finhouse.sources import available_sources
from finhouse.warehouse import connect


@click.group()
def cdc() -> None:
    """Change data capture by replication slots in the database of a source."""


@cdc.command("enable")
@click.argument("source")
@click.argument("table")
@click.pass_obj
def cdc_enable(settings: Settings, source: str, table: str) -> None:
    """Make publication and replication slot of a table that declares cursor: replication_slot."""
    identity = _warehouse_identity(settings)
    if enable_capture(_database(settings, source), source, table, identity):
        console.print(f"{source}.{table} is captured; next: finhouse load {source} {table}")
    else:
        console.print(f"{source}.{table} is captured already")


@cdc.command("disable")
@click.argument("source")
@click.argument("table")
@click.pass_obj
def cdc_disable(settings: Settings, source: str, table: str) -> None:
    """Drop both again, so that the source frees its log."""
    if disable_capture(_database(settings, source), source, table, _warehouse_identity(settings)):
        console.print(f"{source}.{table} is not captured any more; declare another cursor for it")
    else:
        console.print(f"{source}.{table} was not captured for this warehouse")


@cdc.command("status")
@click.pass_obj
def cdc_status(settings: Settings) -> None:
    """Show each slot of finhouse: how far it is behind, how much log the source keeps for it."""
    sources_of: dict[str, list[str]] = {}
    for source in available_sources():
        if url := source_url(settings, source):
            sources_of.setdefault(url, []).append(source)
    identity = _warehouse_identity(settings)
    statuses = [
        status
        for url, sources in sources_of.items()
        for status in capture_status(url, identity, sources)
    ]
    print_table(
        "Change data capture",
        ["slot", "table", "state", "confirmed", "behind MB", "log kept MB"],
        [
            (
                status.name,
                status.reader or "(not read by this warehouse)",
                status.state,
                status.confirmed,
                f"{status.slot.behind_bytes / 1e6:,.1f}" if status.slot else "-",
                f"{status.slot.retained_bytes / 1e6:,.1f}" if status.slot else "-",
            )
            for status in statuses
        ],
        numeric=("behind MB", "log kept MB"),
    )


def _database(settings: Settings, source: str) -> str:
    # Files have no database; the command itself says that it is for tables.
    return source_url(settings, source) or ""


def _warehouse_identity(settings: Settings) -> str:
    with connect(settings) as warehouse:
        return warehouse.identity
