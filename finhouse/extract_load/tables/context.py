"""What every load and reconciliation of an OLTP table works with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from finhouse.errors import WarehouseError
from finhouse.extract_load.columns import TIME_TYPES
from finhouse.extract_load.context import LoadContext
from finhouse.extract_load.postgres_source import PostgresSource, SourceTable
from finhouse.extract_load.sql import shown_name
from finhouse.pseudonyms import PseudonymKey
from finhouse.sources.definitions import PostgresDefinition, TableDefinition


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
        return replace(found, kept=f"not {self.horizon.before(column.type_name)}")

    def reach(self, prefix: str = "") -> str:
        """Condition of the rows of raw that the source speaks for: those within the horizon.

        Args:
            prefix: alias of the raw table, with its dot.
        """
        if self.horizon is None:
            return "true"
        [kind] = [c.type_name for c in self.described.columns if c.name == self.horizon.column]
        return f"not {self.horizon.before(kind, prefix)}"

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
