"""Snowflake as the engine: Parquet files by PUT and COPY INTO, marts back as Arrow batches.

The connector lives in an environment of its own, so what speaks with Snowflake is a program that
runs there (``snowflake_environment/transfer.py``).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finhouse.bridge.engine import (
    Engine,
    Mart,
    RawTable,
    held_day,
    held_moment,
    is_timestamp,
)
from finhouse.children import run_child
from finhouse.engines.snowflake_account import INSIDE, environment_program, snowflake_account
from finhouse.errors import WarehouseError
from finhouse.settings import Settings

# DuckDB's type -> type of the drop, type in Snowflake. Whatever is not here travels as text.
_TYPES = {
    "BOOLEAN": ("boolean", "boolean"),
    "TINYINT": ("tinyint", "number(38, 0)"),
    "SMALLINT": ("smallint", "number(38, 0)"),
    "INTEGER": ("integer", "number(38, 0)"),
    "BIGINT": ("bigint", "number(38, 0)"),
    "UTINYINT": ("smallint", "number(38, 0)"),
    "USMALLINT": ("integer", "number(38, 0)"),
    "UINTEGER": ("bigint", "number(38, 0)"),
    "UBIGINT": ("decimal(20, 0)", "number(38, 0)"),
    "HUGEINT": ("decimal(38, 0)", "number(38, 0)"),
    "FLOAT": ("double", "double"),
    "DOUBLE": ("double", "double"),
    "DATE": ("date", "date"),
    "BLOB": ("blob", "binary"),
}
_DECIMAL = re.compile(r"^DECIMAL\((\d+),(\d+)\)$")


class SnowflakeEngine(Engine):
    """An account, or the emulator where none is set."""

    def __init__(self, settings: Settings) -> None:
        """Find the account; the emulator is started if need be, a real one not asked anything yet.

        Raises:
            ConfigurationError: the ``SNOWFLAKE_*`` variables name half an account.
            ServiceError: the emulator does not come up.
        """
        self._account = snowflake_account(settings)

    @property
    def location(self) -> str:
        return self._account.location

    @property
    def notice(self) -> str:
        if not self._account.is_emulated:
            return ""
        return (
            "SNOWFLAKE_ACCOUNT is not set: an emulator (fakesnow, on DuckDB) stands in; "
            "it is not Snowflake"
        )

    def exported(self, column: str, kind: str) -> str:
        if kind == "DATE":
            return held_day(column)
        if is_timestamp(kind):
            moment = held_moment(column)
            return f"cast({moment} as timestamptz)" if kind.endswith("ZONE") else moment
        if _DECIMAL.match(kind):
            return column
        drop, _ = _TYPES.get(kind, ("varchar", "text"))
        return f"cast({column} as {drop})"

    def replace(self, tables: Sequence[RawTable]) -> None:
        self._ask_loader(
            replace=[
                {
                    "schema": table.schema,
                    "table": table.table,
                    "columns": {name: snowflake_type(kind) for name, kind in table.columns.items()},
                    "file": str(table.file),
                }
                for table in tables
            ]
        )

    def drop(self, tables: Sequence[tuple[str, str]]) -> None:
        self._ask_loader(drop=list(tables))

    def export(self, marts: Sequence[Mart], folder: Path) -> None:
        self._ask(export=[{"mart": mart.name, "folder": str(folder / mart.name)} for mart in marts])

    def imported(self, column: str, kind: str) -> str:
        return f"cast({column} as {kind})"

    def examples(self, queries: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
        return self._ask(examples=dict(queries))

    def _ask_loader(self, **request: Any) -> None:
        """Ask as the user and role that write raw tables, where they are others."""
        self._ask(self._account.loader_variables, **request)

    def _ask(
        self, variables: Mapping[str, str] | None = None, /, **request: Any
    ) -> dict[str, list[str]]:
        if not any(request.values()):
            return {}
        result = run_child(
            [environment_program("python"), str(INSIDE / "transfer.py")],
            said=json.dumps(request),
            env={**os.environ, **(variables or self._account.variables)},
            capture_output=True,
        )
        if result.returncode:
            raise WarehouseError(
                f"Snowflake refused what the bridge asked of it: {result.stderr.strip()}",
                "see docs/reference/engines.md for the grants and parameters that the user needs",
            )
        return json.loads(result.stdout)


def snowflake_type(kind: str) -> str:
    """The Snowflake type that holds a column of the stage, given DuckDB's: see ``_TYPES``."""
    if decimal := _DECIMAL.match(kind):
        return f"number({decimal[1]}, {decimal[2]})"
    if is_timestamp(kind):
        return "timestamp_tz(6)" if kind.endswith("ZONE") else "timestamp_ntz(6)"
    return _TYPES.get(kind, ("varchar", "text"))[1]
