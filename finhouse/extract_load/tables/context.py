"""What every load and reconciliation of an OLTP table works with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from finhouse.errors import WarehouseError
from finhouse.extract_load.columns import TIME_TYPES
from finhouse.extract_load.context import LoadContext
from finhouse.extract_load.postgres_source import PostgresSource, SourceTable
from finhouse.extract_load.sql import shown_name
from finhouse.extract_load.tables.returning import named_persons, person_key
from finhouse.extract_load.tables.sinks import Extract, sink_for
from finhouse.pseudonyms import PseudonymKey
from finhouse.sources.definitions import PostgresDefinition, TableDefinition
from finhouse.warehouse import quoted


@dataclass(frozen=True)
class TableContext(LoadContext):
    """The raw table of one OLTP table.

    Attributes:
        source: the snapshot it is read on.
        table: the table as the source file declares it.
        pseudonym_key: makes the tokens of columns that are pseudonymised; None where none is given.
    """

    definition: PostgresDefinition
    source: PostgresSource
    table: TableDefinition
    pseudonym_key: PseudonymKey | None = None

    @property
    def table_name(self) -> str:
        return self.table.name

    @property
    def load_mode(self) -> str:
        return self.table.mode

    @property
    def shown(self) -> str:
        """The source's table, for messages: ``schema.table``."""
        return shown_name(self.definition.database_schema, self.table.name_in_source)

    @cached_property
    def described(self) -> SourceTable:
        """The table as the source's catalog describes it.

        Raises:
            SourceError: no such table, no right to read it, or column names that raw cannot hold.
        """
        found = self.source.describe(self.definition.database_schema, self.table.name_in_source)
        if self.horizon is None:
            return found
        column = found.declared_column(
            "retention date",
            self.horizon.column,
            TIME_TYPES,
            "correct its row in retention_policies.csv and purge again: rows before"
            f" {self.horizon.first_day} were purged by it",
        )
        kept = f"not {self.horizon.before(column.type_name)}"
        if key := person_key(self):
            kept = f"({kept} or {quoted(key)} in ({named_persons(self, key, kept)}))"
        return replace(found, kept=kept)

    def reach(self, prefix: str = "") -> str:
        """Condition of the rows of raw that the source speaks for.

        They are those within the horizon, and persons before it whom later rows name.

        Args:
            prefix: alias of the raw table, with its dot.
        """
        if self.horizon is None:
            return "true"
        within = f"not {self._before_horizon(prefix)}"
        if key := person_key(self):
            named = f"{prefix}{quoted(key)} in (select {quoted(key)} from {self._named_persons})"
            return f"({within} or coalesce({named}, false))"
        return within

    @property
    def returning(self) -> str | None:
        """Condition, in the source's SQL, of persons before the horizon, of whom only those whom
        later rows name are read; None where there are none.

        Their own rows may not have changed for years, so that no cursor finds them.
        """
        if self.horizon is None or person_key(self) is None:
            return None
        return self._before_horizon()

    def _before_horizon(self, prefix: str = "") -> str:
        assert self.horizon
        [kind] = [c.type_name for c in self.described.columns if c.name == self.horizon.column]
        return self.horizon.before(kind, prefix)

    @cached_property
    def _named_persons(self) -> str:
        """Temporary table of their keys: the source and raw go by the same ones."""
        name = f"_fh_named_{self.table_name}"[:63]
        [key] = [c for c in self.described.columns if c.name == person_key(self)]
        self.warehouse.create_temporary_table(
            name, [(key.name, key.raw_type(self.warehouse.dialect))]
        )
        named = self.warehouse.temporary(name)
        sink = sink_for(self.source, self.warehouse, self.pseudonym_key)
        sink.fill(named, Extract(self.described, [key], where=self._before_horizon()))
        return named

    def refuse_overtaken(self, last_batch: str | None) -> None:
        """Check that nobody loaded the table since the source's snapshot was taken.

        Args:
            last_batch: the table's last load as the log had it before the snapshot.

        Raises:
            WarehouseError: its last load is another one by now.
        """
        last = self.books.last_load(self.source_name, self.table_name)
        found = last and last.batch_id
        if found != last_batch:
            raise WarehouseError(
                f"another process loaded {self.shown} meanwhile (batch {found}):"
                " raw may hold newer rows than were read",
                "run the same command again",
            )
