"""What every load and reconciliation of a raw table works with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Self

from finhouse.errors import WarehouseError
from finhouse.extract_load.bookkeeping import Bookkeeping
from finhouse.extract_load.columns import LOADER_TYPES, Stamp
from finhouse.extract_load.horizon import Horizon
from finhouse.extract_load.results import LoadResult, RowCounts
from finhouse.extract_load.state import new_batch_id
from finhouse.sources.definitions import SourceDefinition, raw_schema
from finhouse.warehouse import Warehouse, qualified, quoted


@dataclass(frozen=True)
class LoadContext(ABC):
    """One raw table in one batch.

    Nothing in it changes while the table is loaded; what a load finds out on the way stays in the
    load.

    Attributes:
        warehouse: holds the raw table; open.
        books: the loader's state and log, in the same warehouse.
        definition: the source as its file declares it.
        batch_id: names this call of the loader; the rows it writes carry it as ``_batch_id``.
    """

    warehouse: Warehouse
    books: Bookkeeping
    definition: SourceDefinition
    batch_id: str

    @property
    @abstractmethod
    def table_name(self) -> str:
        """Name of the raw table, without its schema."""

    @property
    @abstractmethod
    def load_mode(self) -> str:
        """What the log calls an ordinary load of the table."""

    @property
    def source_name(self) -> str:
        return self.definition.name

    @property
    def raw_schema(self) -> str:
        return raw_schema(self.definition.name)

    @property
    def raw(self) -> str:
        """SQL name of the raw table."""
        return qualified(self.raw_schema, self.table_name)

    @cached_property
    def horizon(self) -> Horizon | None:
        """Where the retention of the table's rows ends; None where nothing was ever purged."""
        return self.books.horizon(self.source_name, self.table_name)

    def in_new_batch(self) -> Self:
        """The same table in a batch that begins now."""
        return replace(self, batch_id=new_batch_id(self.books.now()))

    def lock(self) -> None:
        """Keep other loaders off the raw table until the transaction ends.

        Raises:
            WarehouseError: another process is loading the table, or purged it since this load
                began.
        """
        self.warehouse.lock_table(self.raw_schema, self.table_name)
        if self.books.horizon(self.source_name, self.table_name) != self.horizon:
            raise WarehouseError(
                f"{self.raw_schema}.{self.table_name} was purged meanwhile",
                "run the same command again",
            )

    def raw_columns(self) -> dict[str, str]:
        """Column name -> the warehouse's type name; empty when there is no raw table."""
        return self.warehouse.columns(self.raw_schema, self.table_name)

    def create_raw(self, columns: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        """Create the raw table of these columns (name, type) unless it exists."""
        self.warehouse.create_table(self.raw_schema, self.table_name, columns)

    def add_raw_column(self, name: str, type_name: str) -> None:
        """Add a column to the raw table; NULL in the rows it has."""
        self.warehouse.execute(f"alter table {self.raw} add column {quoted(name)} {type_name}")

    def stamps(self, loaded_at: datetime) -> tuple[Stamp, ...]:
        """The loader's own columns for rows that this batch writes.

        Args:
            loaded_at: naive UTC.
        """
        values = (loaded_at.isoformat(sep=" "), self.batch_id)
        return tuple(
            Stamp(name, type_name, value)
            for (name, type_name), value in zip(LOADER_TYPES.items(), values, strict=True)
        )

    def result(
        self,
        started_at: datetime,
        counts: RowCounts,
        *,
        load_mode: str | None = None,
        file_name: str | None = None,
        status: str = "loaded",
        note: str = "",
        source_time: datetime | None = None,
    ) -> LoadResult:
        """What a load that ends now did; ``load_mode`` only if it was no ordinary one."""
        return LoadResult(
            source_name=self.source_name,
            table_name=self.table_name,
            load_mode=load_mode or self.load_mode,
            batch_id=self.batch_id,
            started_at=started_at,
            loaded_at=self.books.now(),
            counts=counts,
            file_name=file_name,
            status=status,
            note=note,
            source_time=source_time,
        )
