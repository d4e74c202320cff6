"""``finhouse environment`` and ``pseudonym-key``: data for people who may not know it all."""

from __future__ import annotations

from pathlib import Path

import click

from finhouse.console import console, step
from finhouse.errors import ConfigurationError
from finhouse.masking.copying import copy_masked
from finhouse.pseudonyms import KEY_FILE, pseudonym_key, write_key
from finhouse.settings import PULSE_VARIABLE, Settings


@click.group()
def environment() -> None:
    """Copies of the warehouse for environments that are not production."""


@environment.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--masked", is_flag=True, help="Mask it; there is no other copy.")
@click.pass_obj
def copy(settings: Settings, file: Path, masked: bool) -> None:
    """Write the raw layer to FILE, a new DuckDB warehouse, masked by the classes of its columns."""
    if not masked:
        raise ConfigurationError(
            "a copy for another environment is masked, or not made",
            "add --masked; for a copy of the rows as they are: `finhouse backup`",
        )
    databases = settings.source_urls.keys() - {PULSE_VARIABLE, "WAREHOUSE_URL", "READER_URL"}
    with step("Masked copy of the raw layer"):
        key = pseudonym_key(settings, of_demo=not (settings.oltp_url or databases))
        made = copy_masked(settings, file.expanduser().absolute(), key)
    console.print(f"{len(made.rows)} tables, {sum(made.rows.values()):,} rows, masked, in {file}")
    console.print(
        "Next: copy it to FINHOUSE_HOME/warehouse.duckdb of the other environment, and run"
        " `finhouse dbt build` there."
    )


@click.command("pseudonym-key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def pseudonym_key_command(file: Path) -> None:
    """Make a key for pseudonyms and write it to FILE, which its user alone can read."""
    key = write_key(file.expanduser().resolve())
    console.print(f"Wrote {file}; the fingerprint of the key is {key.fingerprint}", markup=False)
    console.print(f"Next: export {KEY_FILE}={file}, and keep a copy of the file elsewhere.")
