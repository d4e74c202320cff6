"""Which SQL a monitor may run: one SELECT over what is published, and nothing else.

The text is parsed, each part of it is on a list of what is allowed, every column is traced to its
table, and what runs is written anew from the tree: never the text itself. What the list does not
name is refused, whatever it may do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from finhouse.errors import ConfigurationError
from finhouse.publish import PUBLISHED_SCHEMA

ROW_LIMIT = 1000
LONGEST_TEXT = 10_000
_CATALOGUES = ("information_schema", "pg_catalog", "duckdb_", "sqlite_", "pg_", "pragma_")

# Parts of a SELECT that neither write, nor reach outside of the tables they name.
_PARTS = (
    *(exp.Select, exp.Union, exp.Intersect, exp.Except, exp.With, exp.CTE, exp.Subquery),
    *(exp.Table, exp.TableAlias, exp.From, exp.Join, exp.Where, exp.Group, exp.Having),
    *(exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Alias, exp.Star),
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.DataType),
    *(exp.DataTypeParam, exp.Interval, exp.Var, exp.Tuple, exp.Paren, exp.Not, exp.Neg),
    *(exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In),
    *(exp.Between, exp.Like, exp.ILike, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Exists),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe, exp.Case, exp.If),
    *(exp.Window, exp.WindowSpec, exp.Filter, exp.WithinGroup),
)
# Aggregates, places in an order, numbers, dates, and text without patterns.
_FUNCTIONS = (
    *(exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Median, exp.Stddev, exp.StddevPop),
    *(exp.StddevSamp, exp.Variance, exp.VariancePop, exp.PercentileCont, exp.PercentileDisc),
    *(exp.LogicalOr, exp.LogicalAnd, exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue),
    *(exp.LastValue, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sqrt, exp.Pow, exp.Ln),
    *(exp.Exp, exp.Sign, exp.Greatest, exp.Least, exp.Coalesce, exp.Nullif, exp.Cast),
    *(exp.TryCast, exp.Extract, exp.DateTrunc, exp.TimestampTrunc, exp.DateDiff, exp.DateAdd),
    *(exp.DateSub, exp.TsOrDsToDate, exp.Date, exp.Lower, exp.Upper, exp.Trim, exp.Length),
    *(exp.Concat, exp.Rank, exp.DenseRank),
)
_DAY_PARTS = (exp.Year, exp.Month, exp.Day, exp.Quarter)
_ALLOWED = frozenset((*_PARTS, *_FUNCTIONS, *_DAY_PARTS))
# Clauses that are no part of their own in the tree.
_CLAUSES = ("into", "locks", "hint", "sample", "pivots", "laterals")
# Types that a value may be cast to: not those whose text is looked up, as regclass.
_TYPES = frozenset(
    {
        *(exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.SMALLINT),
        *(exp.DataType.Type.DECIMAL, exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT),
        *(exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR, exp.DataType.Type.BOOLEAN),
        *(exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.INTERVAL),
    }
)


class UnsafeSqlError(ConfigurationError):
    """SQL that a monitor may not run; the message says which part of it, and why."""


@dataclass(frozen=True)
class PublishedTables:
    """What SQL may name.

    Attributes:
        columns: columns by published table.
        personal: those of them that hold personal data, by table.
    """

    columns: Mapping[str, Collection[str]]
    personal: Mapping[str, Collection[str]]


@dataclass(frozen=True)
class SafeSql:
    """SQL that may run.

    Attributes:
        text: written anew from what was parsed, with a limit of rows: its own, or one more than
            a query may return.
        columns: names of what it returns.
    """

    text: str
    columns: tuple[str, ...]


def checked(sql: str, tables: PublishedTables, dialect: str) -> SafeSql:
    """The SQL as it may run.

    Args:
        dialect: ``duckdb`` or ``postgres``.

    Raises:
        UnsafeSqlError: it is more than one SELECT over published tables without personal data.
    """
    tree = _parsed(sql, dialect)
    _check_parts(tree)
    _check_tables(tree, tables)
    _limit(tree)
    qualified = _qualified(tree, tables, dialect)
    _check_columns(qualified, tables)
    # Read again: what was written must be allowed as well, whatever was made of the text.
    text = qualified.sql(dialect=dialect, comments=False)
    written = _parsed(text, dialect)
    _check_parts(written)
    _check_tables(written, tables)
    _check_columns(written, tables)
    return SafeSql(text, tuple(qualified.named_selects))


def _parsed(sql: str, dialect: str) -> exp.Query:
    if len(sql) > LONGEST_TEXT:
        raise _refused(f"it is {len(sql):,} characters long, more than {LONGEST_TEXT:,}")
    if "\x00" in sql:
        raise _refused("it holds a character that no text of SQL holds: NUL")
    try:
        found = [part for part in sqlglot.parse(sql, dialect=dialect) if part is not None]
    except (SqlglotError, RecursionError) as error:
        first = str(error).partition("\n")[0].partition(". Line")[0]
        raise _refused(f"it cannot be parsed: {first}") from error
    if len(found) != 1:
        raise _refused(f"it holds {len(found)} statements: write one")
    [tree] = found
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise _refused(f"it is {_word(tree)}, not SELECT")
    return tree


def _check_parts(tree: exp.Expression) -> None:
    for part in tree.walk():
        if isinstance(part, exp.With) and part.args.get("recursive"):
            raise _refused("WITH RECURSIVE may not end")
        if isinstance(part, exp.Join) and part.args.get("method"):
            raise _refused(f"a {part.args['method']} JOIN does not say which columns it joins on")
        if isinstance(part, exp.Table):
            _check_place(part)
        elif isinstance(part, exp.Anonymous):
            raise _refused(f"the function {part.name} is not allowed")
        elif type(part) not in _ALLOWED:
            kind = "function" if isinstance(part, exp.Func) else "part"
            raise _refused(f"the {kind} {_word(part)} is not allowed")
        if isinstance(part, exp.DataType) and part.this not in _TYPES:
            raise _refused(f"a value may not be cast to {part.sql()}")
        for name in _CLAUSES:
            if part.args.get(name):
                raise _refused(f"{name.upper()} is not allowed")


def _check_place(table: exp.Table) -> None:
    if not isinstance(table.this, exp.Identifier):
        raise _refused(f"the table function {table.this.sql()} is not allowed")
    if table.catalog:
        raise _refused(f"{table.sql()} is in another database")
    # Columns under other names could not be traced.
    if table.args.get("alias") and table.args["alias"].columns:
        raise _refused(f"{table.sql()} gives the columns of a table other names")
    if table.args.get("version") or table.args.get("when"):
        raise _refused(f"{table.sql()} asks for another version of a table")


def _check_tables(tree: exp.Expression, tables: PublishedTables) -> None:
    """Only published tables; a name without a schema is one of them, or of a CTE."""
    named = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    if taken := sorted(named & tables.columns.keys()):
        raise _refused(f"WITH gives the name of a published table to something else: {taken[0]}")
    for table in tree.find_all(exp.Table):
        name, schema = table.name.lower(), table.db.lower()
        if not schema and name in named:
            continue
        if f"{schema}.{name}".startswith(_CATALOGUES) or name.startswith(_CATALOGUES):
            raise _refused(f"{table.sql()} is a table of the engine's catalogue")
        if schema not in ("", PUBLISHED_SCHEMA):
            raise _refused(f"{table.sql()} is not in schema {PUBLISHED_SCHEMA}")
        if name not in tables.columns:
            raise _refused(f"{PUBLISHED_SCHEMA} has no table {name}")
        table.set("db", exp.to_identifier(PUBLISHED_SCHEMA))


def _qualified(tree: exp.Query, tables: PublishedTables, dialect: str) -> exp.Query:
    """The tree with every column traced to its table, and every star to its columns."""
    schema = {
        PUBLISHED_SCHEMA: {
            table: dict.fromkeys(columns, "text") for table, columns in tables.columns.items()
        }
    }
    try:
        found = qualify(
            tree,
            dialect=dialect,
            schema=schema,
            infer_schema=False,
            quote_identifiers=True,
            validate_qualify_columns=True,
        )
    except (SqlglotError, RecursionError) as error:
        first = str(error).partition("\n")[0].partition(". Line")[0]
        raise _refused(f"a column of it cannot be found: {first}") from error
    if not isinstance(found, exp.Query):
        raise _refused("it is no SELECT")
    return found


def _check_columns(tree: exp.Query, tables: PublishedTables) -> None:
    """No whole rows, and nothing personal."""
    _check_rows(tree)
    _check_personal(tree, tables)


def _check_rows(tree: exp.Query) -> None:
    """PostgreSQL takes the name of a table, where a column may be, for the whole row of it."""
    sources = {source.alias_or_name for source in tree.find_all(exp.Table, exp.Subquery, exp.CTE)}
    for column in tree.find_all(exp.Column, exp.TableColumn):
        if isinstance(column, exp.TableColumn) or (not column.table and column.name in sources):
            raise _refused(f"{column.name} is a table and no column")


def _check_personal(tree: exp.Expression, tables: PublishedTables) -> None:
    """Refuse a column that may be personal, by whichever table its alias could mean.

    An alias may mean one table here and another one in a subquery; a name without a table means a
    column of the result to us, and in places one of a table to the engine.
    """
    named: dict[str, set[str]] = {}
    for table in tree.find_all(exp.Table):
        if table.db == PUBLISHED_SCHEMA:
            named.setdefault(table.alias_or_name, set()).add(table.name)
    everywhere = set().union(*named.values())
    for column in tree.find_all(exp.Column):
        for table in sorted(named.get(column.table, set()) if column.table else everywhere):
            if column.name in tables.personal.get(table, ()):
                raise _refused(f"{table}.{column.name} holds personal data")


def _limit(tree: exp.Query) -> None:
    """One row more than may be returned, so that more of them are seen, and not cut off."""
    limit = tree.args.get("limit")
    if limit is None:
        tree.limit(ROW_LIMIT + 1, copy=False)
        return
    given = limit.expression
    if not (isinstance(given, exp.Literal) and given.is_int):
        raise _refused("its LIMIT is no whole number")
    if int(given.this) > ROW_LIMIT:
        raise _refused(f"its LIMIT is more than {ROW_LIMIT:,}")


def _word(part: exp.Expression) -> str:
    if isinstance(part, exp.Command):
        return str(part.this).upper()
    return part.key.upper() if not isinstance(part, exp.Func) else part.sql_name()


def _refused(why: str) -> UnsafeSqlError:
    return UnsafeSqlError(
        f"the SQL of the monitor is refused: {why}",
        "write one SELECT over published tables; docs/how-to/pulse.md lists what it may hold",
    )
