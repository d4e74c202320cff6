"""``finhouse load``, ``reconcile`` and ``withdraw``: the raw layer."""

from __future__ import annotations

from datetime import datetime

import click

from finhouse.cli.options import DAY
from finhouse.console import console, print_table
from finhouse.errors import ConfigurationError
from finhouse.extract_load import (
    DateWindow,
    load_source,
    refuse_differences,
    source_url,
    withdraw_file,
)
from finhouse.pipeline import load_all, reconcile_all
from finhouse.publish import ensure_reporting_tables
from finhouse.settings import Settings
from finhouse.sources import available_sources
from finhouse.warehouse import connect


@click.command()
@click.argument("source", required=False)
@click.argument("tables", nargs=-1)
@click.option("--full-refresh", is_flag=True, help="Reload the tables from scratch.")
@click.option("--from", "first", type=DAY, help="Load again the rows or files from this day ...")
@click.option("--to", "last", type=DAY, help="... to this one (UTC), both included.")
@click.pass_obj
def load(
    settings: Settings,
    source: str | None,
    tables: tuple[str, ...],
    full_refresh: bool,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Extract-load all sources, one SOURCE, or some TABLES of it."""
    window = _window(first, last)
    if source and (tables or window):
        with connect(settings) as warehouse:
            ensure_reporting_tables(settings, warehouse)
            results = load_source(
                settings,
                source,
                oltp_url=source_url(settings, source),
                warehouse=warehouse,
                tables=list(tables) or None,
                full_refresh=full_refresh,
                window=window,
            )
    elif window:
        raise ConfigurationError(
            "--from and --to need a source",
            f"name one of {', '.join(available_sources())}, as in finhouse load wallet --from ...",
        )
    else:
        results = load_all(settings, [source] if source else None, full_refresh)
    print_table(
        "Loaded",
        ["source", "table", "mode", "read", "new", "changed", "deleted", "in raw"],
        [
            (
                result.source_name,
                result.file_name or result.table_name,
                result.load_mode,
                f"{result.counts.read:,}",
                f"{result.counts.inserted:,}",
                f"{result.counts.updated:,}",
                f"{result.counts.deleted:,}",
                "-" if result.counts.raw is None else f"{result.counts.raw:,}",
            )
            for result in results
        ],
        numeric=("read", "new", "changed", "deleted", "in raw"),
    )


def _window(first: datetime | None, last: datetime | None) -> DateWindow | None:
    if first and last:
        return DateWindow(first.date(), last.date())
    if first or last:
        raise ConfigurationError(
            "only one of --from and --to was given", "give both; for a single day the same twice"
        )
    return None


@click.command()
@click.argument("source", required=False)
@click.argument("tables", nargs=-1)
@click.option("--heal", is_flag=True, help="Reload the key ranges that differ.")
@click.pass_obj
def reconcile(settings: Settings, source: str | None, tables: tuple[str, ...], heal: bool) -> None:
    """Compare raw with all sources, one SOURCE, or some TABLES of it."""
    results = reconcile_all(settings, [source] if source else None, list(tables) or None, heal)
    print_table(
        "Reconciled (rows as found)",
        [
            "table",
            "in source",
            "in raw",
            "ranges",
            "missing",
            "surplus",
            "doubled",
            "changed",
            "is",
        ],
        [
            (
                f"{result.source_name}.{result.table_name}",
                f"{result.source_rows:,}",
                f"{result.raw_rows:,}",
                f"{result.differing_range_count:,} of {result.range_count:,}",
                f"{result.differences.missing:,}",
                f"{result.differences.surplus:,}",
                f"{result.differences.doubled:,}",
                f"{result.differences.changed:,}",
                "healed" if result.is_healed else result.status,
            )
            for result in results
        ],
        numeric=("in source", "in raw", "ranges", "missing", "surplus", "doubled", "changed"),
    )
    refuse_differences(results)


@click.command()
@click.argument("source")
@click.argument("file_name")
@click.pass_obj
def withdraw(settings: Settings, source: str, file_name: str) -> None:
    """Remove the rows of one loaded file from the raw layer."""
    with connect(settings) as warehouse:
        removed = withdraw_file(settings, source, file_name, warehouse).counts.deleted
    console.print(f"{removed:,} rows of {file_name} withdrawn; `make build` recomputes the marts.")
