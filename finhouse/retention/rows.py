"""Which rows of a table are past their retention, which of them are on hold, and what they become.

All of it is SQL on raw, alike on DuckDB and Postgres.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.extract_load.bookkeeping import Bookkeeping
from finhouse.extract_load.horizon import Horizon
from finhouse.extract_load.state import SCHEMA
from finhouse.sources.definitions import (
    SOURCES_FOLDER,
    CsvFolderDefinition,
    PostgresDefinition,
    TableDefinition,
    raw_schema,
    read_source,
)
from finhouse.sources.file_pattern import FilePattern
from finhouse.sources.retention import OPERATIONS, RetentionPolicy
from finhouse.warehouse import Warehouse, qualified, quoted, text_literal

# Tokens are UUIDs of a version that no generator writes, so that each can be told from a key.
TOKEN_PREFIX = "00000000-0000-8"
_TYPES = {
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMP WITHOUT TIME ZONE": "timestamp",
}


@dataclass(frozen=True)
class LegalHold:
    """A hold in force.

    Attributes:
        kind: of its subject, as source files name it.
    """

    hold_id: str
    kind: str
    subject_id: str


def is_token(column: str) -> str:
    """SQL condition: the column holds a token of a purge."""
    return f"cast({column} as text) like '{TOKEN_PREFIX}%'"


def midnight(day: date, zone: str) -> datetime:
    """When a day begins in a time zone, as naive UTC."""
    local = datetime.combine(day, time(), ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def lived_until(warehouse: Warehouse, books: Bookkeeping, source_name: str) -> datetime:
    """The moment up to which a source has lived, by its own clock."""
    [(by_source, by_load)] = warehouse.execute(
        "select max(source_time), max(loaded_at) from raw_operations.load_log"
        " where status = 'succeeded' and source_name = $1",
        (source_name,),
    )
    return by_source or by_load or books.now()


def legal_holds(
    warehouse: Warehouse, books: Bookkeeping, definition: PostgresDefinition
) -> list[LegalHold]:
    """The holds of a source that are in force, as raw has them.

    One that is released keeps its rows up to the moment of its release: a court may order today
    what ends next year.

    Raises:
        WarehouseError: a hold names a kind of subject that no table of the source file declares:
            what it holds cannot be told, so nothing may be purged.
    """
    table = definition.legal_holds
    schema = raw_schema(definition.name)
    if table is None or not warehouse.table_exists(schema, table):
        return []
    now = lived_until(warehouse, books, definition.name)
    kind = _TYPES.get(warehouse.columns(schema, table)["released_at"].upper(), "timestamp")
    # A date is the day on which it ends: the day itself is free.
    moment = midnight_day(now, definition.time_zone) if kind == "date" else now
    zone = "+00" if kind == "timestamptz" else ""
    rows = warehouse.execute(
        "select cast(id as text), lower(trim(subject_type)), cast(subject_id as text)"
        f" from {qualified(schema, table)}"
        f" where released_at is null or released_at > cast('{moment}{zone}' as {kind})"
        " order by 1"
    )
    kinds = {kind for found in definition.tables for kind in found.subjects.values()}
    unknown = [(hold, kind) for hold, kind, _ in rows if kind not in kinds]
    if unknown:
        raise WarehouseError(
            f"legal hold {unknown[0][0]} of {definition.name} is on a {unknown[0][1]!r}, a kind of"
            " subject that no table declares: what it holds cannot be told",
            "declare the kind under subjects in the source file, or correct the hold",
        )
    return [LegalHold(*row) for row in rows]


class TableRows:
    """The rows of one table that its policy is about."""

    def __init__(
        self,
        warehouse: Warehouse,
        books: Bookkeeping,
        policy: RetentionPolicy,
        definitions: Path = SOURCES_FOLDER,
    ) -> None:
        self.policy = policy
        self._warehouse, self._books = warehouse, books
        self.is_operational = policy.source_name == OPERATIONS
        self.definition = (
            None if self.is_operational else read_source(policy.source_name, definitions)
        )

    @property
    def schema(self) -> str:
        return SCHEMA if self.is_operational else raw_schema(self.policy.source_name)

    @property
    def raw(self) -> str:
        """SQL name of the table."""
        return qualified(self.schema, self.policy.table_name)

    @cached_property
    def columns(self) -> dict[str, str]:
        return self._warehouse.columns(self.schema, self.policy.table_name)

    @property
    def exists(self) -> bool:
        return bool(self.columns)

    @property
    def time_zone(self) -> str:
        return self.definition.time_zone if self.definition else "UTC"

    @property
    def today(self) -> date:
        """The day up to which the source has lived, by its own calendar and clock."""
        moment = lived_until(self._warehouse, self._books, self.policy.source_name)
        return midnight_day(moment, self.time_zone)

    def horizon(self, first_day: date, purge_id: str) -> Horizon:
        return Horizon(
            self.policy.date_column, first_day, midnight(first_day, self.time_zone), purge_id
        )

    @property
    def table(self) -> TableDefinition | None:
        """The table as its source file declares it; None of files and of our own records."""
        if not isinstance(self.definition, PostgresDefinition):
            return None
        return self.definition.chosen([self.policy.table_name])[0]

    @property
    def is_of_persons(self) -> bool:
        """Whether a row is a person: it goes after all that refers to it."""
        person = getattr(self.definition, "person", None)
        return bool(person and self.table and self.table.is_of(person))

    @property
    def turn(self) -> int:
        """When it is purged: events, what lasts as long as a person does, persons themselves.

        Only then is it known whom nothing names any more.
        """
        return 2 if self.is_of_persons else int(bool(self.table and self.table.lasting))

    # Conditions.

    def before(self, first_day: date) -> str:
        """Condition of the rows before a day.

        Raises:
            ConfigurationError: the table has no such column, or it is no date or timestamp.
        """
        if isinstance(self.definition, CsvFolderDefinition):
            listed = ", ".join(map(text_literal, self._files_before(first_day)))
            return f"_file_name in ({listed})" if listed else "false"
        found = self.columns.get(self.policy.date_column)
        kind = _TYPES.get((found or "").upper())
        if kind is None:
            raise ConfigurationError(
                f"date_column {self.policy.date_column} of {self.policy.shown}"
                f" {f'has type {found}' if found else 'does not exist in raw'}",
                "correct its row in retention_policies.csv: use a date or timestamp of the table",
            )
        return self.horizon(first_day, "").before(kind, "_fh_t.")

    def _files_before(self, first_day: date) -> list[str]:
        assert isinstance(self.definition, CsvFolderDefinition)
        pattern = FilePattern(self.definition.file_pattern)
        names = self._warehouse.execute(f"select distinct _file_name from {self.raw} order by 1")
        days = ((str(name), pattern.date_of(str(name))) for (name,) in names)
        return [name for name, day in days if day and day < first_day]

    def due(self, first_day: date) -> str:
        """Condition of the rows that are past their retention and not purged yet."""
        parts = [f"({self.before(first_day)})"]
        if self.policy.action == "anonymise":
            marks = " or ".join(
                f"({name} is not null and not {is_token(name)})"
                for name in (f"_fh_t.{quoted(column)}" for column in self.personal_columns)
            )
            parts.append(f"({marks})")
        parts += self._unreferred()
        return " and ".join(parts)

    def _unreferred(self) -> Iterator[str]:
        """What lasts stays while an event names the person, and the person while anything does."""
        if not self.turn:
            return
        assert isinstance(self.definition, PostgresDefinition) and self.table
        assert self.definition.person
        own = self.table.columns_of(self.definition.person)
        if self.is_of_persons:
            own = tuple(column for column in own if column in self.table.key)
        for other in self.definition.tables:
            if not self.is_of_persons and (other.lasting or other.is_of(self.definition.person)):
                continue
            schema = raw_schema(self.definition.name)
            held = self._warehouse.columns(schema, other.name)
            for column in other.columns_of(self.definition.person):
                if column not in held or (other.name == self.table.name and column in own):
                    continue
                for name in own:
                    yield (
                        f"not exists (select 1 from {qualified(schema, other.name)} as _fh_o"
                        f" where _fh_o.{quoted(column)} = _fh_t.{quoted(name)})"
                    )

    def held(self, holds: Sequence[LegalHold]) -> str:
        """Condition of the rows that a hold keeps: of its subject, or of what belongs to it."""
        if not holds or self.table is None:
            return "false"
        # A row that names no order is not on hold with one; NULL would be neither.
        return f"coalesce({self._held_in(self.table, holds, '_fh_t.', frozenset())}, false)"

    def _held_in(
        self, table: TableDefinition, holds: Sequence[LegalHold], prefix: str, seen: frozenset[str]
    ) -> str:
        assert isinstance(self.definition, PostgresDefinition)
        parts = []
        for column, kind in table.subjects.items():
            # Who was referred by somebody on hold is not on hold.
            if table.is_of(kind) and column not in table.key:
                continue
            name = f"cast({prefix}{quoted(column)} as text)"
            listed = ", ".join(text_literal(h.subject_id) for h in holds if h.kind == kind)
            if listed:
                parts.append(f"{name} in ({listed})")
            for owner in self.definition.tables:
                # An instalment is held with its plan, a plan with its customer.
                if not owner.is_of(kind) or owner.name == table.name or owner.name in seen:
                    continue
                if not self._warehouse.table_exists(raw_schema(self.definition.name), owner.name):
                    continue
                alias = f"_fh_h{len(seen)}"
                below = self._held_in(owner, holds, f"{alias}.", seen | {table.name})
                if below == "false":
                    continue
                [key] = set(owner.columns_of(kind)) & set(owner.key)
                parts.append(
                    f"{name} in (select cast({alias}.{quoted(key)} as text) from"
                    f" {qualified(raw_schema(self.definition.name), owner.name)} as {alias}"
                    f" where {below})"
                )
        return f"({' or '.join(parts)})" if parts else "false"

    # What is done.

    @cached_property
    def personal_columns(self) -> list[str]:
        """Columns that name a person or tell of one, as far as raw has them."""
        assert isinstance(self.definition, PostgresDefinition) and self.table
        people = self.table.columns_of(self.definition.person) if self.definition.person else ()
        found = dict.fromkeys((*people, *self.table.personal_data))
        return [name for name in found if name in self.columns]

    def count(self, where: str) -> int:
        return self._warehouse.count(f"{self.raw} as _fh_t", where)

    def oldest(self) -> date | None:
        """The day of the oldest row, by the calendar of the source."""
        if isinstance(self.definition, CsvFolderDefinition):
            pattern = FilePattern(self.definition.file_pattern)
            names = self._warehouse.execute(f"select distinct _file_name from {self.raw}")
            days = (pattern.date_of(str(name)) for (name,) in names)
            return min((day for day in days if day), default=None)
        column = quoted(self.policy.date_column)
        kind = self.columns[self.policy.date_column].upper()
        zoned = f"{column} at time zone 'UTC'" if kind.endswith("WITH TIME ZONE") else column
        [(value,)] = self._warehouse.execute(f"select min({zoned}) from {self.raw}")
        if isinstance(value, datetime):
            return midnight_day(value, self.time_zone)
        return value

    def delete(self, where: str, first_day: date) -> int:
        deleted = self._warehouse.change(f"delete from {self.raw} as _fh_t where {where}")
        if isinstance(self.definition, CsvFolderDefinition):
            names = (self.policy.source_name, self.policy.table_name)
            pattern = FilePattern(self.definition.file_pattern)
            for name in self._books.file_states(*names):
                day = pattern.date_of(name)
                if day and day < first_day:
                    self._books.forget_file(*names, name)
        return deleted

    def anonymise(self, where: str, salt: str) -> int:
        """Put a token, the same in all rows of one purge, for each person, and NULL for the rest.

        Args:
            salt: known to this purge alone, so that nobody can find the person of a token.
        """
        assert self.table
        state = self._books.table_state(self.policy.source_name, self.policy.table_name)
        required = {c.name for c in (state.columns if state else ()) if not c.nullable}
        changes = ", ".join(
            f"{quoted(column)} = {self._replacement(column, column in required, salt)}"
            for column in self.personal_columns
        )
        return self._warehouse.change(f"update {self.raw} as _fh_t set {changes} where {where}")

    def _replacement(self, column: str, is_required: bool, salt: str) -> str:
        assert isinstance(self.definition, PostgresDefinition) and self.table
        kind, name = self.columns[column].upper(), quoted(column)
        is_key = self.table.subjects.get(column) == self.definition.person
        if not (is_key or is_required):
            return "null"
        if kind not in ("UUID", "TEXT", "VARCHAR"):
            raise ConfigurationError(
                f"column {column} of {self.policy.shown} ({kind.lower()}) may not be NULL, and"
                " takes no token",
                "keep it out of personal_data and subjects, or write action delete",
            )
        hashed = f"md5({text_literal(salt)} || cast({name} as text))"
        token = (
            f"'{TOKEN_PREFIX}' || substr({hashed}, 1, 3) || '-8' || substr({hashed}, 4, 3)"
            f" || '-' || substr({hashed}, 7, 12)"
        )
        cast = f"cast({token} as {'uuid' if kind == 'UUID' else 'text'})"
        return f"case when {name} is null or {is_token(name)} then {name} else {cast} end"


def midnight_day(moment: datetime, zone: str) -> date:
    """The day of a moment (naive UTC, or aware) in a time zone."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(zone)).date()
