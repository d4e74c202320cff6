"""``finhouse backup`` and ``restore``: a copy of the warehouse, and its way back."""

from __future__ import annotations

from pathlib import Path

import click

from finhouse.console import console, step
from finhouse.safety.backup import KEPT, back_up
from finhouse.safety.restore import restore_backup
from finhouse.settings import Settings


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the backups; default backups in FINHOUSE_HOME.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=KEPT,
    show_default=True,
    help="How many backups of this warehouse the folder keeps.",
)
@click.pass_obj
def backup(settings: Settings, folder: Path | None, keep: int) -> None:
    """Copy the warehouse and the publication to a folder of backups."""
    with step(f"Backup of the {settings.target} warehouse"):
        made = back_up(settings, folder.expanduser().resolve() if folder else None, keep)
    for removed in made.removed:
        console.print(f"  removed {removed.name}, one more than {keep}")
    console.print(
        f"{len(made.manifest.tables)} tables, {made.manifest.rows:,} rows, "
        f"{made.manifest.size_bytes / 1e6:,.1f} MB in {made.folder}"
    )
    console.print(f"Next: copy it to another machine; `finhouse restore {made.folder}` reads it.")


@click.command()
@click.argument("backup_folder", metavar="BACKUP", type=click.Path(path_type=Path))
@click.pass_obj
def restore(settings: Settings, backup_folder: Path) -> None:
    """Put the warehouse of BACKUP, a folder or its name, in the place of the present one."""
    with step(f"Restore of the {settings.target} warehouse"):
        restored = restore_backup(settings, backup_folder)
    for note in restored.notes:
        console.print(f"  {note}", markup=False)
    console.print(
        f"{len(restored.manifest.tables)} tables, {restored.manifest.rows:,} rows as of "
        f"{restored.manifest.taken_at} UTC."
    )
    if restored.aside:
        console.print(f"The warehouse that was there is kept: {restored.aside}")
    console.print("Next: `finhouse build` loads what has changed since the backup.")
