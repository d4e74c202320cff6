"""``finhouse purge``: rows past their retention go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from finhouse.cli.options import DAY
from finhouse.console import console, print_table
from finhouse.dashboards.serving import refresh_caches
from finhouse.errors import ConfigurationError
from finhouse.retention.purging import Purge, Purged
from finhouse.safety.restore import kept_copies
from finhouse.settings import Settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--apply", "is_applied", is_flag=True, help="Purge.")
@click.option("--as-of", type=DAY, help="Judge by this day; default the source's own.")
@click.pass_obj
def purge(settings: Settings, dry_run: bool, is_applied: bool, as_of: datetime | None) -> None:
    """Delete or anonymise the rows of raw that are past their retention."""
    if dry_run == is_applied:
        raise ConfigurationError(
            "purge needs one of --dry-run and --apply", "try --dry-run first: it changes nothing"
        )
    wanted = Purge(settings, as_of=as_of.date() if as_of else None)
    results = wanted.rehearse() if dry_run else wanted.apply()
    _print(results, "Would be purged" if dry_run else "Purged")
    purged = sum(result.purged for result in results)
    held = sum(result.held for result in results)
    if held:
        console.print(
            f"{held:,} rows are on legal hold and stay; raw_operations.retention_refusals"
            f" {'would say' if dry_run else 'says'} which hold keeps how many."
        )
    if dry_run:
        console.print("Next: `finhouse purge --apply`." if purged else "Nothing to purge.")
        return
    if not purged:
        console.print("Nothing to purge.")
        return
    refresh_caches(settings)
    for copy in kept_copies(settings):
        console.print(f"  still holds the rows: {copy}", markup=False)
    console.print(
        "Next: `make build`: until then readers see marts about persons empty, and all others as"
        " they were."
    )


def _print(results: Sequence[Purged], title: str) -> None:
    print_table(
        title,
        ["table", "action", "rows before", "due", "on hold", "purged"],
        [
            (
                f"{result.source_name}.{result.table_name}",
                result.action,
                str(result.first_day),
                f"{result.due:,}",
                f"{result.held:,}",
                f"{result.purged:,}",
            )
            for result in results
        ],
        numeric=("due", "on hold", "purged"),
    )
