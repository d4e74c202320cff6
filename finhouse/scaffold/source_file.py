"""The source file of a database schema: finhouse/sources/<name>.yml."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from finhouse.errors import ConfigurationError
from finhouse.scaffold.loading import LoadedTable
from finhouse.scaffold.text import described, listed, scalar
from finhouse.sources.definitions import SourceDefinition, read_source


def path(source: str) -> str:
    """Where the source file is."""
    return f"finhouse/sources/{source}.yml"


def source_yaml(
    source: str,
    description: str,
    schema: str,
    url_env: str | None,
    time_zone: str,
    tables: Sequence[LoadedTable],
) -> str:
    """The source file, in the format that finhouse/sources/wallet.yml documents."""
    lines = ["# The format is documented, key by key, in wallet.yml.", "kind: postgres"]
    lines += [f"name: {source}", *described(description, 0)]
    lines += [f"url_env: {url_env}"] if url_env else []
    lines += [f"schema: {scalar(schema)}"]
    lines += ["schedule: 0 1 * * *", f"time_zone: {time_zone}", "tables:"]
    for loaded in tables:
        lines += [*table_lines(loaded), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def table_lines(loaded: LoadedTable) -> list[str]:
    """A table's lines in the source file."""
    lines = [f"  - name: {loaded.name}"]
    if loaded.table.name != loaded.name:
        lines += [f"    identifier: {scalar(loaded.table.name)}"]
    lines += [f"    mode: {loaded.mode}"]
    if loaded.table.key:
        lines += listed("key", loaded.table.key, 4)
    if loaded.mode == "incremental":
        lines += ["    cursor: xmin"]
        if loaded.event_time:
            lines += [f"    event_time: {scalar(loaded.event_time)}"]
        lines += ["    reconcile_deletes: true"]
    if loaded.references:
        lines += listed("references", loaded.references, 4)
    if loaded.personal_data:
        lines += ["    personal_data:"]
        lines += [
            f"      {scalar(name)}: {rule}" for name, (rule, _) in loaded.personal_data.items()
        ]
    lines += ["    classes:"]
    for name, columns in loaded.classes.items():
        lines += listed(name, columns, 6)
    return lines


def parsed(source: str, text: str) -> SourceDefinition:
    """Check the text of a source file before it is written.

    Raises:
        ConfigurationError: it is not as documented.
    """
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / f"{source}.yml").write_text(text, encoding="utf-8")
        return read_source(source, Path(scratch))


def with_table(source: str, text: str, loaded: LoadedTable) -> str:
    """The text of a source file with one more table.

    Raises:
        ConfigurationError: ``tables`` is not the last key of the file.
    """
    grown = text.rstrip("\n") + "\n\n" + "\n".join(table_lines(loaded)) + "\n"
    try:
        parsed(source, grown)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"table {loaded.name} cannot be added at the end of {path(source)}: {error.message}",
            "make tables the last key of the file, in block style, and run the command again",
        ) from error
    return grown
