"""What the emulator of Snowflake does otherwise than Snowflake, mended where it starts.

fakesnow translates Snowflake's SQL to DuckDB's and runs it there. Each shim below makes one thing
behave as Snowflake documents it, so that the models need not know the emulator. They change the
classes of fakesnow 0.12 in the emulator's own process and nowhere else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any

import fakesnow.arrow
import fakesnow.info_schema
import fakesnow.rowtype
import fakesnow.transforms
import pyarrow as pa
import snowflake.connector.errors
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.instance import FakeSnow
from sqlglot import exp

# Answered as done, without being done: see `emulated_account`.
IGNORED_STATEMENTS = [
    r"\s*(begin|commit|rollback)\b",
    r"\s*alter\s+(table|view)\s+\S+\s+alter\s[\s\S]*\bcomment\s+\$\$",
]
_KEPT_RESULTS = 64
_INTERNAL_ERROR = 370001


def apply_shims() -> None:
    """Change fakesnow in this process, once and before it serves."""
    null_timestamps()
    numbers_as_formatted_text()
    temporary_tables_with_a_schema()
    errors_instead_of_failures()
    more_integer_types()
    comments_with_apostrophes()
    exact_sums()
    clones_that_replace()
    no_comment_is_not_kept()


def emulated_account(folder: str) -> FakeSnow:
    """An account whose databases are DuckDB files in ``folder``.

    Two kinds of statements do nothing there. DuckDB lets one transaction write to one database
    file, and fakesnow keeps comments and load histories in others: BEGIN, COMMIT and ROLLBACK are
    ignored, each statement is its own transaction. And it has no comments of columns.
    """
    account = FakeSnow(db_path=folder, nop_regexes=IGNORED_STATEMENTS)
    account.results_cache = _LastResults()
    return account


class _LastResults(OrderedDict[str, tuple]):
    """Results by query id; the emulator would keep every one for as long as it lives."""

    def __setitem__(self, key: str, value: tuple) -> None:
        super().__setitem__(key, value)
        while len(self) > _KEPT_RESULTS:
            self.popitem(last=False)


def null_timestamps() -> None:
    """A null timestamp is answered as null; fakesnow answers 1970-01-01."""
    as_struct = fakesnow.arrow.timestamp_to_sf_struct

    @wraps(as_struct)
    def with_nulls(timestamps: pa.Array | pa.ChunkedArray) -> pa.Array:
        if isinstance(timestamps, pa.ChunkedArray):
            timestamps = timestamps.combine_chunks()
        struct = as_struct(timestamps)
        filled = [field.fill_null(0) for field in struct.flatten()]
        return pa.StructArray.from_arrays(
            filled, fields=list(struct.type), mask=timestamps.is_null()
        )

    fakesnow.arrow.timestamp_to_sf_struct = with_nulls


def numbers_as_formatted_text() -> None:
    """to_char(number, 'FM999,990.00') groups and pads; fakesnow drops the format."""

    def rewritten(node: exp.Expression) -> exp.Expression:
        model = node.args.get("format") if isinstance(node, exp.ToChar) else None
        if not isinstance(model, exp.Literal) or not model.name.startswith("FM"):
            return node
        decimals = len(model.name.partition(".")[2])
        return exp.func(
            "format",
            exp.Literal.string("{:,." + str(decimals) + "f}"),
            exp.cast(node.this, exp.DataType.Type.DOUBLE),
        )

    _before_translation(rewritten)


def temporary_tables_with_a_schema() -> None:
    """A temporary table may name a schema; DuckDB has its temporary tables in one of their own."""

    def rewritten(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Create) and isinstance(node.args.get("properties"), exp.Properties):
            table = node.find(exp.Table)
            if node.kind == "TABLE" and table is not None and table.db:
                properties = node.args["properties"]
                properties.set(
                    "expressions",
                    [
                        each
                        for each in properties.expressions
                        if not isinstance(each, exp.TemporaryProperty)
                    ],
                )
        return node

    _before_translation(rewritten)


def errors_instead_of_failures() -> None:
    """A statement that fails is answered with an error; fakesnow answers HTTP 500 to many."""
    execute = FakeSnowflakeCursor.execute

    @wraps(execute)
    def answered(self: FakeSnowflakeCursor, command: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return execute(self, command, *args, **kwargs)
        except snowflake.connector.errors.Error:
            raise
        except Exception as error:
            raise snowflake.connector.errors.ProgrammingError(
                msg=f"emulator: {type(error).__name__}: {error}",
                errno=_INTERNAL_ERROR,
                sqlstate="XX000",
            ) from error

    FakeSnowflakeCursor.execute = answered


def more_integer_types() -> None:
    """Small and unsigned integers are numbers to Snowflake; fakesnow knows only some of them."""
    for name in ("TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "UINTEGER", "UHUGEINT"):
        fakesnow.rowtype.duckdb_to_sf_type.setdefault(name, "fixed")
    fakesnow.rowtype.duckdb_to_sf_type.setdefault("FLOAT", "real")


def comments_with_apostrophes() -> None:
    """A table's comment may hold an apostrophe; fakesnow writes it into its SQL as it is."""
    insert_comment = fakesnow.info_schema.insert_table_comment_sql

    @wraps(insert_comment)
    def escaped(catalog: str, schema: str, table: str, comment: str | None) -> str:
        return insert_comment(catalog, schema, table, (comment or "").replace("'", "''"))

    fakesnow.info_schema.insert_table_comment_sql = escaped


def exact_sums() -> None:
    """A sum of decimals is a decimal; fakesnow sums doubles, to let texts be summed too."""
    fakesnow.transforms.numeric_agg_implicit_cast = lambda expression: expression


def clones_that_replace() -> None:
    """create or replace table ... clone replaces; fakesnow forgets that it should."""
    create_clone = fakesnow.transforms.create_clone

    @wraps(create_clone)
    def replacing(expression: exp.Expression) -> exp.Expression:
        created = create_clone(expression)
        if created is not expression:
            created.set("replace", expression.args.get("replace"))
        return created

    fakesnow.transforms.create_clone = replacing


def no_comment_is_not_kept() -> None:
    """fakesnow keeps a comment of each temporary table, though it has none: two sessions that merge
    at once, each with a table of that name, would write one row."""
    kept = fakesnow.info_schema.insert_table_comment_sql

    def keeping(catalog: str, schema: str, table: str, comment: str | None) -> str:
        return "select 1" if comment is None else kept(catalog, schema, table, comment)

    fakesnow.info_schema.insert_table_comment_sql = keeping


def _before_translation(rewrite: Callable[[exp.Expression], exp.Expression]) -> None:
    transform = FakeSnowflakeCursor._transform

    @wraps(transform)
    def transformed(self: FakeSnowflakeCursor, expression: exp.Expression, params: Any) -> Any:
        return transform(self, expression.transform(rewrite, copy=False), params)

    FakeSnowflakeCursor._transform = transformed
