"""A masked copy of a house: its raw layer in a DuckDB file, fit to be built and shown elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from finhouse.console import heartbeat
from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.extract_load.bookkeeping import (
    ACCESS_LOG_DAILY,
    EXPECTED_FILES,
    FILE_STATE,
    LOAD_LOG,
    RETENTION_HORIZONS,
    RETENTION_PURGES,
    RETENTION_STATUS,
    SOURCE_RECONCILIATION,
    Bookkeeping,
)
from finhouse.extract_load.columns import LOADER_TYPES
from finhouse.extract_load.files.sinks import FILE_TYPES
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.extract_load.running import warehouse_errors
from finhouse.extract_load.state import SCHEMA
from finhouse.extract_load.tables.sinks import DuckdbSink, Extract
from finhouse.files import locked
from finhouse.masking import values
from finhouse.masking.people import People, Raw
from finhouse.oltp import warehouse_url
from finhouse.pseudonyms import PseudonymKey
from finhouse.publish import create_reporting_tables
from finhouse.settings import Settings
from finhouse.sources import available_sources, raw_schema, read_source
from finhouse.sources.definitions import (
    SOURCES_FOLDER,
    PostgresDefinition,
    SourceDefinition,
    TableDefinition,
)
from finhouse.warehouse import qualified, quoted, text_literal
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT

# Tokens of a copy do not join those of the house it is of.
_PURPOSE = "masked copy"
_HOUSE = "house"
_OWN_COLUMNS = {*LOADER_TYPES, *FILE_TYPES}
# Of the loader's books what models read, and of each what is not handed on (NULL), or as a token.
# Its state is not: nothing is loaded into a copy.
_BOOKS: dict[str, dict[str, str | None]] = {
    LOAD_LOG: {"error_message": None},
    FILE_STATE: {},
    EXPECTED_FILES: {},
    SOURCE_RECONCILIATION: {
        "missing_key": None,
        "surplus_key": None,
        "doubled_key": None,
        "changed_key": None,
        "source_sums": None,
        "raw_sums": None,
        "differing_sums": None,
        "note": None,
    },
    RETENTION_HORIZONS: {},
    RETENTION_PURGES: {"operator": values.TOKEN},
    RETENTION_STATUS: {},
    ACCESS_LOG_DAILY: {"user_name": values.TOKEN},
}


@dataclass(frozen=True)
class MaskedCopy:
    """A copy that was made.

    Attributes:
        rows: of each raw table, by ``schema.table``.
    """

    file: Path
    rows: Mapping[str, int]


def copy_masked(
    settings: Settings,
    file: Path,
    key: PseudonymKey | None,
    definitions: Path = SOURCES_FOLDER,
) -> MaskedCopy:
    """Write a masked copy of the raw layer to a new file.

    Args:
        file: appears whole or not at all.
        key: makes the tokens, by way of another key: they do not join those of the house.
        definitions: folder of the source files.

    Raises:
        ConfigurationError: there is such a file, no key, nothing to copy, raw has a column of no
            class, or a source of persons does not say which rows are about whom.
        WarehouseError: the warehouse cannot be read, or another copy is being written there.
    """
    if key is None:
        raise ConfigurationError(
            "a masked copy needs the key of pseudonyms, and none is set",
            "make one with `finhouse pseudonym-key FILE`, and let FINHOUSE_PSEUDONYM_KEY_FILE name"
            " it",
        )
    if not file.parent.is_dir():
        raise ConfigurationError(
            f"the folder {file.parent} is not there", "make it, or name another file"
        )
    incoming, lock = (file.with_name(f".{file.name}.{end}") for end in ("incoming", "lock"))
    busy = WarehouseError(f"another copy is being written to {file}", "wait for it to end")
    try:
        with locked(lock, busy):
            _refuse_existing(file)
            incoming.unlink(missing_ok=True)
            try:
                rows = _write(settings, incoming, key, definitions)
                # Unlike a rename, a link never takes the place of another file.
                with suppress(FileExistsError):
                    os.link(incoming, file)
                    return MaskedCopy(file, rows)
                raise _is_there(file)
            finally:
                incoming.unlink(missing_ok=True)
                incoming.with_name(f"{incoming.name}.wal").unlink(missing_ok=True)
                lock.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror}", "name another file, or free some space"
        ) from error


def _refuse_existing(file: Path) -> None:
    if file.exists() or file.is_symlink():
        raise _is_there(file)


def _is_there(file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{file} is there already: a copy never takes the place of a file", "name another file"
    )


def _write(
    settings: Settings, incoming: Path, key: PseudonymKey, definitions: Path
) -> dict[str, int]:
    derived = key.derived(_PURPOSE)
    with (
        _house_file(settings, definitions) as house,
        DuckdbWarehouse(incoming, DEFAULT_MEMORY_LIMIT) as made,
        warehouse_errors(made),
    ):
        # Unmasked rows stay within the house, those that do not fit into memory, too.
        made.execute(f"set temp_directory = {text_literal(str(settings.home / 'masking.tmp'))}")
        made.execute(f"attach {text_literal(str(house))} as {_HOUSE} (read_only)")
        made.connection.create_function(values.TOKEN, derived.token, ["VARCHAR"], "VARCHAR")
        try:
            copied = _Copy(made, definitions).run()
            made.execute(f"detach {_HOUSE}")
        finally:
            made.connection.remove_function(values.TOKEN)
    return copied


class _Copy:
    """The tables of one copy."""

    def __init__(self, made: DuckdbWarehouse, definitions: Path) -> None:
        self._made, self._definitions = made, definitions

    def run(self) -> dict[str, int]:
        rows: dict[str, int] = {}
        for name in available_sources(self._definitions):
            definition, schema = read_source(name, self._definitions), raw_schema(name)
            raw = self._columns(schema)
            raw = {table: raw[table] for table in definition.table_names if table in raw}
            self._made.create_schema(schema)
            people = None
            if isinstance(definition, PostgresDefinition):
                _refuse_persons_of_no_kind(definition, raw)
                people = People(self._made, f"{_HOUSE}.{quoted(schema)}", definition, raw)
            for table in raw:
                with heartbeat(f"masking {schema}.{table}"):
                    selected = _masked_select(definition, table, raw[table], people)
                    [(count,)] = self._made.execute(
                        f"create table {qualified(schema, table)} as {selected}"
                    )
                rows[f"{schema}.{table}"] = int(count)
        if not rows:
            raise ConfigurationError(
                "there is no raw table to copy", "run `make build` or `finhouse load` first"
            )
        self._books()
        return rows

    def _columns(self, schema: str) -> Raw:
        found: Raw = {}
        for table, column, kind in self._made.execute(
            "select c.table_name, c.column_name, c.data_type from duckdb_columns() as c"
            " where c.database_name = $1 and c.schema_name = $2 order by c.table_name,"
            " c.column_index",
            (_HOUSE, schema),
        ):
            found.setdefault(table, {})[column] = kind
        return found

    def _books(self) -> None:
        Bookkeeping(self._made, SCHEMA)
        create_reporting_tables(self._made)
        held = self._columns(SCHEMA)
        for table, changed in _BOOKS.items():
            columns = held.get(table, {})
            listed = ", ".join(map(quoted, columns))
            read = ", ".join(_of_book(column, changed) for column in columns)
            if columns:
                self._made.execute(
                    f"insert into {qualified(SCHEMA, table)} ({listed})"
                    f" select {read} from {_HOUSE}.{qualified(SCHEMA, table)}"
                )


def _of_book(column: str, changed: Mapping[str, str | None]) -> str:
    if column not in changed:
        return quoted(column)
    function = changed[column]
    return f"{function}({quoted(column)})" if function else "null"


def _refuse_persons_of_no_kind(
    definition: PostgresDefinition, raw: Mapping[str, Mapping[str, str]]
) -> None:
    """Refuse a source that identifies persons, and whose rows could not be moved with any."""
    for table, columns in raw.items():
        for column in columns:
            found = definition.class_of(table, column, columns)
            if found and found.level == "1a" and definition.person is None:
                raise ConfigurationError(
                    f"column {column} of {raw_schema(definition.name)}.{table} identifies persons"
                    " (1a), and the source does not say which kind of subject they are: their"
                    " dates would stay",
                    f"declare person and subjects in finhouse/sources/{definition.name}.yml",
                )


def _masked_select(
    definition: SourceDefinition, table: str, columns: Mapping[str, str], people: People | None
) -> str:
    """The rows of a raw table as the copy has them."""
    declared = None
    if isinstance(definition, PostgresDefinition):
        [declared] = definition.chosen([table])
    known = people if people and people.table else None

    def is_shared(column: str) -> bool:
        return known.is_shared(declared, column) if known and declared else False

    person = known.person_of(declared) if known and declared else None
    joins = ""
    if known and person:
        joins = f"{person[1]} left join {known.table} as p on p.value = {person[0]}"
    read = []
    for number, (column, kind) in enumerate(columns.items()):
        name, alias = quoted(column), f"p{number}"
        expression = None
        if column not in _OWN_COLUMNS:
            expression = _masked(definition, table, declared, column, kind, columns, is_shared)
            named = None
            if expression is None and known and declared:
                named = known.named_in(declared, column, alias)
            if named and known:
                joins += f" left join {known.table} as {alias} on {named}"
                expression = f"cast(coalesce({alias}.token, cast(s.{name} as varchar)) as {kind})"
            if expression is None and person and values.is_day(kind):
                expression = values.shifted(column, kind, "p.days")
        read.append(f"{expression or f's.{name}'} as {name}")
    relation = f"{_HOUSE}.{qualified(raw_schema(definition.name), table)}"
    return f"select {', '.join(read)} from {relation} as s{joins}"


def _masked(
    definition: SourceDefinition,
    table: str,
    declared: TableDefinition | None,
    column: str,
    kind: str,
    columns: Mapping[str, str],
    is_shared: Callable[[str], bool],
) -> str | None:
    """SQL of a column that is masked by its class or treatment; None for one that is not.

    Args:
        is_shared: whether each value of a column is that of several persons, as a gender is.
    """
    found = definition.class_of(table, column, columns)
    if found is None:
        raise ConfigurationError(
            f"column {column} of {raw_schema(definition.name)}.{table} has no class: nobody has"
            " said what a copy may have of it",
            f"give it one in finhouse/sources/{definition.name}.yml",
        )
    treatment = declared.personal_data.get(column) if declared else None
    is_name = treatment in ("keep", "pseudonymise") and values.is_text(kind)
    if found.level == "1a" or (is_name and not is_shared(column)):
        return values.hidden(column, kind)
    if found.level == "1b" and values.is_number(kind):
        return values.bucket(column, kind)
    return None


@contextmanager
def _house_file(settings: Settings, definitions: Path) -> Iterator[Path]:
    """The house's raw layer as a DuckDB file; that of a Postgres warehouse is fetched first."""
    if settings.is_file:
        if not settings.duckdb_path.exists():
            raise ConfigurationError(
                f"there is no warehouse to copy: {settings.duckdb_path} is not there",
                "run `make build` first, or set FINHOUSE_HOME to the folder of your data",
            )
        # Opened once, so that a lock, or another version of DuckDB, is explained.
        DuckdbWarehouse(settings.duckdb_path, DEFAULT_MEMORY_LIMIT, read_only=True).close()
        yield settings.duckdb_path
        return
    fetched = settings.fetched_path
    fetched.unlink(missing_ok=True)
    try:
        _fetch(warehouse_url(settings), fetched, definitions)
        yield fetched
    finally:
        fetched.unlink(missing_ok=True)
        fetched.with_name(f"{fetched.name}.wal").unlink(missing_ok=True)


def _fetch(url: str, file: Path, definitions: Path) -> None:
    """Copy raw tables of a Postgres warehouse to a DuckDB file, on one snapshot."""
    schemas = {
        raw_schema(name): read_source(name, definitions).table_names
        for name in available_sources(definitions)
    }
    schemas[SCHEMA] = tuple(_BOOKS)
    with (
        DuckdbWarehouse(file, DEFAULT_MEMORY_LIMIT) as fetched,
        PostgresSource(url, "WAREHOUSE_URL") as source,
        warehouse_errors(fetched),
    ):
        held = {
            (schema, name)
            for schema, name in source.query(
                "select schemaname::text, tablename::text from pg_catalog.pg_tables"
            )
        }
        sink = DuckdbSink(source, fetched, None)
        for schema, tables in schemas.items():
            for table in tables:
                if (schema, table) not in held:
                    continue
                described = source.describe(schema, table, is_raw=True)
                columns = described.columns
                fetched.create_schema(schema)
                fetched.create_table(
                    schema, table, [(column.name, column.raw_type("duckdb")) for column in columns]
                )
                sink.fill(qualified(schema, table), Extract(described, columns))
