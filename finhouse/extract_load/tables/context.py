"""What every load and reconciliation of an OLTP table works with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from finhouse.errors import WarehouseError
from finhouse.extract_load.context import LoadContext
from finhouse.extract_load.postgres_source import PostgresSource, SourceTable
from finhouse.extract_load.sql import shown_name
from finhouse.sources.definitions import PostgresDefinition, TableDefinition


@dataclass(frozen=True)
class TableContext(LoadContext):
    """The raw table of one OLTP table.

    Attributes:
        source: the snapshot it is read on.
        table: the table as the source file declares it.
    """

    definition: PostgresDefinition
    source: PostgresSource
    table: TableDefinition

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
        return self.source.describe(self.definition.database_schema, self.table.name_in_source)

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
