"""What a role needs in a source's database to load it, and nothing else.

Columns are granted by name: what a source file omits cannot be read by the role that loads,
whatever that role is asked to select.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from finhouse.errors import ConfigurationError
from finhouse.extract_load.databases import source_url
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.settings import Settings
from finhouse.sources import PostgresDefinition, read_source
from finhouse.sources.definitions import REPLICATION_SLOT, SOURCES_FOLDER, XMIN
from finhouse.warehouse import quoted


def reader_grants(
    settings: Settings,
    source_name: str,
    role: str,
    oltp_url: str | None = None,
    definitions: Path = SOURCES_FOLDER,
) -> Iterator[str]:
    """The statements that make a role which can load one source, line by line.

    Args:
        oltp_url: the database, asked for its columns; default the one that the source names.

    Raises:
        ConfigurationError: the source is a folder of files.
        SourceError: a table is not there.
    """
    source = read_source(source_name, definitions)
    if not isinstance(source, PostgresDefinition):
        raise ConfigurationError(
            f"source {source_name} is a folder of files: no role reads it",
            "name a source of kind postgres",
        )
    url = oltp_url or source_url(settings, source_name, definitions) or ""
    reader = quoted(role)
    with PostgresSource(url, source.url_variable) as database:
        yield f"-- Source {source.name}. Run it as the owner of its tables, again after a new one."
        yield f"-- The role is made without a password: \\password {role} sets one."
        yield "do $$ begin"
        yield f"    if to_regrole({_literal(reader)}) is null then"
        yield f"        create role {reader} login noinherit;"
        yield "    end if;"
        yield "end $$;"
        yield f"alter role {reader} set default_transaction_read_only = on;"
        yield f"grant connect on database {quoted(database.database)} to {reader};"
        yield f"grant usage on schema {quoted(source.database_schema)} to {reader};"
        for table in source.tables:
            described = database.describe(source.database_schema, table.name_in_source)
            kept = [c.name for c in described.columns if c.name not in table.omitted]
            kept += [XMIN] * described.has_row_versions
            # A right to the whole table, or to a column that is omitted by now, would stay.
            yield f"revoke all on {described.sql_name} from {reader};"
            yield f"grant select ({', '.join(map(quoted, kept))})"
            yield f"    on {described.sql_name} to {reader};"
        if any(table.cursor == REPLICATION_SLOT for table in source.tables):
            yield "-- Change data capture reads the log, which holds all columns of its tables."
            yield f"alter role {reader} replication;"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
