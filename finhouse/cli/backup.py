"""``finhouse backup``, ``restore`` and ``restore-test``: copies of a house, and their way back."""

from __future__ import annotations

from pathlib import Path

import click

from finhouse.console import console, step
from finhouse.errors import ConfigurationError
from finhouse.safety.backup import KEPT, back_up
from finhouse.safety.beside import BESIDE
from finhouse.safety.cipher import KEY, KEY_FILE, BackupKey, write_key
from finhouse.safety.drill import try_restore
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
@click.option("--unencrypted", is_flag=True, help="Leave the backup in plain.")
@click.pass_obj
def backup(settings: Settings, folder: Path | None, keep: int, unencrypted: bool) -> None:
    """Copy warehouse, publication, monitors and Superset's metadata to a folder of backups."""
    key = None if unencrypted else BackupKey.from_environment()
    if key is None and not unencrypted:
        raise ConfigurationError(
            f"no key is set, and a backup in plain must be asked for: neither {KEY_FILE} nor"
            f" {KEY} is there",
            f"make a key with `finhouse backup-key FILE` and let {KEY_FILE} name it, or run"
            " `finhouse backup --unencrypted`",
        )
    with step(f"Backup of the {settings.target} warehouse"):
        made = back_up(settings, folder.expanduser().resolve() if folder else None, keep, key)
    for removed in made.removed:
        console.print(f"  removed {removed.name}, one more than {keep}")
    beside = f", {' and '.join(made.manifest.beside)} beside them" if made.manifest.beside else ""
    console.print(
        f"{len(made.manifest.tables)} tables, {made.manifest.rows:,} rows{beside}, "
        f"{made.manifest.size_bytes / 1e6:,.1f} MB in {made.folder}"
    )
    console.print(
        f"Encrypted for {key.public}: keep its secret half elsewhere, no backup opens without it."
        if key
        else "Not encrypted: whoever can read the folder can read the rows."
    )
    console.print(
        "Next: copy it to another machine; `finhouse restore-test` shows that it can be read."
    )


@click.command("backup-key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup_key(file: Path) -> None:
    """Make a key for backups and write it to FILE, which its user alone can read."""
    key = write_key(file.expanduser().resolve())
    console.print(f"Wrote {file}; its public half, which can make backups, is {key.public}")
    console.print(f"Next: export {KEY_FILE}={file}, and keep a copy of the file elsewhere.")


@click.command()
@click.argument("backup_folder", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option(
    "--with",
    "beside",
    type=click.Choice(BESIDE),
    multiple=True,
    help="Put this back, too, though it is there; what is lost is put back anyway.",
)
@click.pass_obj
def restore(settings: Settings, backup_folder: Path, beside: tuple[str, ...]) -> None:
    """Put the warehouse of BACKUP, a folder or its name, in the place of the present one."""
    with step(f"Restore of the {settings.target} warehouse"):
        key = BackupKey.from_environment()
        restored = restore_backup(settings, backup_folder, key, beside)
    for note in restored.notes:
        console.print(f"  {note}", markup=False)
    console.print(
        f"{len(restored.manifest.tables)} tables, {restored.manifest.rows:,} rows as of "
        f"{restored.manifest.taken_at} UTC."
    )
    if restored.aside:
        console.print(f"The warehouse that was there is kept: {restored.aside}")
    if restored.undone:
        console.print("Next: `finhouse purge --apply`, then `finhouse build`.")
    else:
        console.print("Next: `finhouse build` loads what has changed since the backup.")


@click.command("restore-test")
@click.argument(
    "backup_folder", metavar="[BACKUP]", required=False, type=click.Path(path_type=Path)
)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the backups, of which the newest is tried; default backups in FINHOUSE_HOME.",
)
@click.pass_obj
def restore_test(settings: Settings, backup_folder: Path | None, folder: Path | None) -> None:
    """Restore the newest backup, or BACKUP, into a new place, compare every table, remove it."""
    with step(f"Restore test of the {settings.target} warehouse"):
        kept = folder.expanduser().resolve() if folder else None
        drill = try_restore(settings, backup_folder, kept, BackupKey.from_environment())
    console.print(
        f"{drill.folder.name} can be restored: {drill.manifest.rows:,} rows; {drill.compared}"
        f" tables equal by count and checksum, {drill.by_count} by count alone;"
        f" {drill.seconds:.1f} s."
    )
