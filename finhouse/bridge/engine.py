"""What the bridge asks of an engine: take raw tables, give marts back, both as Parquet files."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# What Spark and Snowflake hold; DuckDB and PostgreSQL know earlier and later days, and infinity.
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
_LAST_MOMENT = f"{_LAST_DAY} 23:59:59.999999"
_TIMESTAMP = re.compile(r"^TIMESTAMP(_S|_MS|_NS)?( WITH TIME ZONE)?$")


def is_timestamp(kind: str) -> bool:
    """Whether a DuckDB type is a moment, of whatever precision, with or without a zone."""
    return bool(_TIMESTAMP.match(kind))


def held_day(column: str) -> str:
    """SQL by which DuckDB brings a date within the days that Spark and Snowflake hold."""
    within = f"least(greatest({column}, date '{_FIRST_DAY}'), date '{_LAST_DAY}')"
    return _unless_null(column, within)


def held_moment(column: str) -> str:
    """As ``held_day``, for a timestamp of any precision; the result is without a zone, in UTC."""
    moment = f"cast({column} as timestamp)"
    within = f"least(greatest({moment}, timestamp '{_FIRST_DAY}'), timestamp '{_LAST_MOMENT}')"
    return _unless_null(column, within)


def _unless_null(column: str, expression: str) -> str:
    # least() and greatest() pass over NULL.
    return f"case when {column} is not null then {expression} end"


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
