"""What the bridge asks of an engine: take raw tables, give marts back, both as Parquet files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RawTable:
    """One raw table of the stage, as a Parquet file that holds all its rows.

    Attributes:
        columns: name -> DuckDB type in the stage, in order.
        file: the drop; its columns are those of ``Engine.exported``.
    """

    schema: str
    table: str
    columns: Mapping[str, str]
    file: Path


@dataclass(frozen=True)
class Mart:
    """One mart as its contract declares it.

    Attributes:
        columns: name -> contract type (``string``, ``numeric(20, 2)`` ...), in order.
        required: names of the columns that hold no NULL.
        description: of the mart; ``comments`` has those of its columns.
    """

    name: str
    columns: Mapping[str, str]
    required: frozenset[str]
    description: str
    comments: Mapping[str, str]


class Engine(ABC):
    """An engine that runs the models but is neither loaded nor read by anybody else."""

    @property
    @abstractmethod
    def location(self) -> str:
        """Tells this engine's tables from any other's: what was shipped there stays known by it."""

    @property
    def notice(self) -> str:
        """What a reader of the output must know of this engine, in one sentence; mostly nothing."""
        return ""

    @abstractmethod
    def exported(self, column: str, kind: str) -> str:
        """SQL expression by which DuckDB writes a column of the stage into a drop.

        Args:
            column: quoted name.
            kind: its DuckDB type.
        """

    @abstractmethod
    def replace(self, tables: Sequence[RawTable]) -> None:
        """Make each raw table hold exactly the rows of its file, one by one, each at once.

        Raises:
            WarehouseError: the engine refused one; those before it stay replaced.
        """

    @abstractmethod
    def drop(self, tables: Sequence[tuple[str, str]]) -> None:
        """Drop raw tables, given as (schema, table), that the stage has no more.

        Raises:
            WarehouseError: the engine refused.
        """

    @abstractmethod
    def export(self, marts: Sequence[Mart], folder: Path) -> None:
        """Write each mart into a folder of its own, ``<folder>/<mart>/*.parquet``.

        Raises:
            WarehouseError: the engine refused.
        """

    @abstractmethod
    def imported(self, column: str, kind: str) -> str:
        """SQL expression by which DuckDB reads a column of an exported mart as its contract's type.

        Args:
            column: quoted name.
            kind: the type as DuckDB writes it.
        """

    @abstractmethod
    def examples(self, queries: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
        """Rows of some queries as JSON, for a reader; a query that fails is left out.

        Args:
            queries: name -> SQL, in the engine's dialect.
            folder: where the engine may leave files on the way.
        """
