"""``finhouse pseudonym-key``: what values become tokens by."""

from __future__ import annotations

from pathlib import Path

import click

from finhouse.console import console
from finhouse.pseudonyms import KEY_FILE, write_key


@click.command("pseudonym-key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def pseudonym_key(file: Path) -> None:
    """Make a key for pseudonyms and write it to FILE, which its user alone can read."""
    key = write_key(file.expanduser().resolve())
    console.print(f"Wrote {file}; the fingerprint of the key is {key.fingerprint}", markup=False)
    console.print(f"Next: export {KEY_FILE}={file}, and keep a copy of the file elsewhere.")
