"""What each column of one query is made of, and a digest of how: sqlglot's scopes, read once.

Two things are told apart. A column's *value* depends on its expression and all that this is made
of. The *rows* of a query depend on what it reads, joins and filters. A left join is taken to add
columns and no rows, as a join on a key does, so that a change of one joined relation does not seem
to change everything.

Told who is a person (``People``), the reading says as well which values are still theirs, and which
have gone into figures of groups.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

DIALECT = "duckdb"
ROWS = "*"
_TAG = "finhouse"
# What comes out of these shows one of the values that went in as the first argument ...
_SHOWING_FIRST = (
    exp.AnyValue,
    exp.ApproxTopK,
    exp.ArgMax,
    exp.ArgMin,
    exp.ArrayAgg,
    exp.Cast,
    exp.First,
    exp.FirstValue,
    exp.GroupConcat,
    exp.Lag,
    exp.Last,
    exp.LastValue,
    exp.Lead,
    exp.Lower,
    exp.Max,
    exp.Min,
    exp.Mode,
    exp.Nullif,
    exp.Order,
    exp.Paren,
    exp.PercentileDisc,
    exp.Replace,
    exp.Trim,
    exp.Upper,
    exp.Window,
)
# ... and of these, as any of them.
_SHOWING_ANY = (exp.Coalesce, exp.Concat, exp.ConcatWs, exp.DPipe, exp.Greatest, exp.Least)
# Parts of a select that decide its rows; projections and what is joined are looked at apart.
_ROW_PARTS = ("where", "group", "having", "qualify", "limit", "offset", "distinct")

Reference = tuple[str, str]


@dataclass
class People:
    """Columns of relations that tell whom a row is about.

    Attributes:
        identifying: a row for each of their values is a row of one person.
    """

    identifying: set[Reference] = field(default_factory=set)


@dataclass(frozen=True)
class Traced:
    """What a value or a set of rows is made of.

    Attributes:
        digest: equal for the same expression over the same relations, whatever aliases and common
            table expressions are called.
        reads: (relation, column) of every column read; (relation, ``*``) for its rows.
        carries: columns read whose values it shows: as they are, or in another type or case, chosen
            among others or put together with them.
        values: columns read that the value is computed from; the others of ``reads`` decide which
            rows there are.
        shown: source columns whose values are still a person's in it: not in an aggregate over a
            group of rows, nor what such a group is formed by. A column that a join or a filter
            holds equal to another shows the other as well.
    """

    digest: str
    reads: frozenset[Reference]
    carries: frozenset[Reference] = frozenset()
    values: frozenset[Reference] = frozenset()
    shown: frozenset[Reference] = frozenset()

    @property
    def as_rows(self) -> Traced:
        """The same, where it decides about rows alone."""
        return replace(self, values=frozenset(), shown=frozenset())


@dataclass(frozen=True)
class QueryColumns:
    """A query taken apart.

    Attributes:
        columns: by name of the output column.
        rows: the query's set of rows.
        kpis: by KPI code, where branches of the query bear one as a literal ``kpi_code``.
    """

    columns: dict[str, Traced]
    rows: Traced
    kpis: dict[str, Traced] = field(default_factory=dict)


def read_columns(
    sql: str, schema: Mapping[str, Any], dialect: str = DIALECT, people: People | None = None
) -> QueryColumns | None:
    """Take a compiled model apart; None where sqlglot cannot read it.

    Args:
        sql: one select statement, as dbt compiles it.
        schema: database -> schema -> table -> column -> type.
        dialect: sqlglot's name of the engine that it was compiled for.
        people: what of the relations that it reads is about persons.
    """
    # Of a whole warehouse, sqlglot would look at each column for each query.
    text = sql.lower()
    read: dict[str, dict[str, dict[str, Any]]] = {}
    relations = set()
    for database, schemas in schema.items():
        for name, tables in schemas.items():
            for table, columns in tables.items():
                if table.lower() in text:
                    read.setdefault(database, {}).setdefault(name, {})[table] = columns
                    relations.add(f"{name}.{table}".lower())
    known = people.identifying if people else ()
    identifying = frozenset(reference for reference in known if reference[0] in relations)
    return _read(sql, json.dumps(read), dialect, identifying)


@cache
def _read(
    sql: str, schema: str, dialect: str, identifying: frozenset[Reference]
) -> QueryColumns | None:
    """``read_columns``, once of the same: most models of a pull request are those of its base."""
    try:
        expression = qualify(
            parse_one(sql, dialect=dialect),
            dialect=dialect,
            schema=json.loads(schema),
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        root = build_scope(expression)
        return _Reader(root, identifying).read() if root else None
    except SqlglotError:
        return None


class _Reader:
    """Resolves columns through the scopes of one query; every answer is kept."""

    def __init__(self, root: Scope, identifying: frozenset[Reference]) -> None:
        self.root = root
        self.identifying = identifying
        self.scopes = list(root.traverse())
        self._known: dict[tuple[int, str], Traced] = {}
        self._busy: set[tuple[int, str]] = set()
        self._impersonal: dict[int, bool] = {}
        self._equals: dict[int, dict[Reference, list[exp.Expression]]] = {}
        self._tag_nodes()

    def _tag_nodes(self) -> None:
        """Note at each column and each relation in which scope it is resolved."""
        for number, scope in enumerate(self.scopes):
            for column in scope.columns:
                if column.table in scope.sources:
                    column.meta.setdefault(_TAG, number)
            for name, (node, _) in scope.selected_sources.items():
                node.meta[_TAG] = (number, name)

    def read(self) -> QueryColumns:
        names = list(self.root.expression.named_selects)
        return QueryColumns(
            columns={name: self._column(self.root, name) for name in names},
            rows=self._rows(self.root),
            kpis=dict(self._kpi_branches()),
        )

    def _kpi_branches(self) -> Iterator[tuple[str, Traced]]:
        found: dict[str, list[Traced]] = {}
        for scope in self.scopes:
            if not isinstance(scope.expression, exp.Select):
                continue
            chosen = {select.alias_or_name: select for select in scope.expression.selects}
            code = chosen.get("kpi_code")
            literal = code.unalias() if code is not None else None
            if isinstance(literal, exp.Literal) and literal.is_string:
                parts = [self._column(scope, name) for name in chosen] + [self._rows(scope)]
                found.setdefault(literal.name, []).extend(parts)
        for code, parts in found.items():
            yield code, _combined("kpi", parts)

    def _column(self, scope: Scope, name: str) -> Traced:
        return self._once(scope, f"column {name}", lambda: self._trace_column(scope, name))

    def _rows(self, scope: Scope) -> Traced:
        return self._once(scope, "rows", lambda: self._trace_rows(scope))

    def _once(self, scope: Scope, what: str, trace: Callable[[], Traced]) -> Traced:
        key = (id(scope), what)
        if key in self._known:
            return self._known[key]
        if key in self._busy:  # a recursive common table expression reads itself
            return Traced("itself", frozenset())
        self._busy.add(key)
        try:
            self._known[key] = trace()
        finally:
            self._busy.discard(key)
        return self._known[key]

    def _trace_column(self, scope: Scope, name: str) -> Traced:
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            place = expression.named_selects.index(name)
            parts = [
                self._column(branch, branch.expression.named_selects[place])
                for branch in scope.union_scopes
            ]
            return _combined("union", parts)
        if not isinstance(expression, exp.Select):
            # Of unnest(), a lateral join or a list of values: all that goes in may come out.
            used = list(expression.find_all(exp.Column))
            return replace(
                self._text(expression, name),
                carries=frozenset().union(*(self._carried(column) for column in used)),
                shown=frozenset().union(*(self._shown_by_column(column) for column in used)),
            )
        [projection] = [one for one in expression.selects if one.alias_or_name == name]
        value = self._text(projection.unalias())
        value = replace(
            value,
            carries=self._carried(projection.unalias()),
            shown=self._shown(projection.unalias(), hides=self._is_of_groups(scope)),
        )
        parts = [value, *(join.as_rows for join in self._left_joins_of(scope, projection))]
        if _looks_at_many_rows(scope, projection):
            parts.append(self._rows(scope))
        return parts[0] if len(parts) == 1 else _combined("value", parts)

    def _carried(self, node: exp.Expression) -> frozenset[Reference]:
        """Source columns whose values an expression hands on."""
        if isinstance(node, exp.Column):
            tag = node.meta.get(_TAG)
            if tag is None:
                return frozenset()
            return self._referenced(self.scopes[tag], node.table, node.name).carries
        if isinstance(node, exp.Case):
            shown = [*node.args["ifs"], node.args.get("default")]
        elif isinstance(node, exp.If):
            shown = [node.args["true"], node.args.get("false")]
        elif isinstance(node, _SHOWING_FIRST):
            shown = [node.this]
        elif isinstance(node, _SHOWING_ANY):
            shown = list(node.iter_expressions())
        else:
            shown = []
        return frozenset().union(*(self._carried(part) for part in shown if part is not None))

    def _shown(self, node: exp.Expression, *, hides: bool) -> frozenset[Reference]:
        """Columns in an expression whose values are still those of a person.

        Args:
            hides: whether the query makes one row of a group of persons: then an aggregate is
                nobody's, and neither is what the group is formed by.
        """
        if isinstance(node, exp.Column):
            return frozenset() if hides else self._shown_by_column(node)
        below: Iterable[exp.Expression] = node.iter_expressions()
        if isinstance(node, exp.Window):
            # Each row keeps its own: the function of a window makes no group of them.
            below = [*node.this.iter_expressions(), *_children(node, "partition_by", "order")]
        elif isinstance(node, exp.AggFunc) and hides:
            if not isinstance(node, _SHOWING_FIRST):
                return frozenset()
            hides = False
        elif isinstance(node, exp.Anonymous | exp.Query):
            # A function that sqlglot does not know may be an aggregate that shows what it is given.
            hides = False
        return frozenset().union(*(self._shown(part, hides=hides) for part in below))

    def _shown_by_column(self, column: exp.Column) -> frozenset[Reference]:
        tag = column.meta.get(_TAG)
        if tag is None:
            return frozenset()
        scope = self.scopes[tag]
        parts = [self._referenced(scope, column.table, column.name).shown]
        for equal in self._equal_to(scope).get((column.table, column.name), ()):
            parts += [
                self._referenced(self.scopes[other.meta[_TAG]], other.table, other.name).shown
                for other in equal.find_all(exp.Column)
                if _TAG in other.meta
            ]
        return frozenset().union(*parts)

    def _equal_to(self, scope: Scope) -> dict[Reference, list[exp.Expression]]:
        """What the joins and the filter of a select hold equal to a column."""
        if id(scope) not in self._equals:
            found: dict[Reference, list[exp.Expression]] = {}
            for column, equal in _equalities(scope.expression):
                found.setdefault((column.table, column.name), []).append(equal)
            self._equals[id(scope)] = found
        return self._equals[id(scope)]

    def _is_of_groups(self, scope: Scope) -> bool:
        """Whether each row of a select stands for a group, and none for a person."""
        if id(scope) not in self._impersonal:
            keys = _group_keys(scope.expression)
            self._impersonal[id(scope)] = keys is not None and not any(
                self._shown(key, hides=False) & self.identifying for key in keys
            )
        return self._impersonal[id(scope)]

    def _left_joins_of(self, scope: Scope, projection: exp.Expression) -> Iterator[Traced]:
        used = {column.table for column in projection.find_all(exp.Column)}
        for join in scope.expression.args.get("joins") or []:
            if join.alias_or_name in used and _adds_no_rows(join):
                yield self._text(join)

    def _trace_rows(self, scope: Scope) -> Traced:
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            parts = [self._rows(branch) for branch in scope.union_scopes]
            if expression.args.get("distinct"):
                parts += [self._column(scope, name) for name in expression.named_selects]
            return _combined(type(expression).__name__, parts).as_rows
        if not isinstance(expression, exp.Select):
            return self._text(expression).as_rows
        parts = [self._text(part) for part in self._row_parts(expression)]
        if expression.args.get("distinct"):
            parts += [self._column(scope, select.alias_or_name) for select in expression.selects]
        return _combined("select", parts).as_rows

    def _row_parts(self, select: exp.Select) -> Iterator[exp.Expression]:
        for name in ("from", "from_", *_ROW_PARTS):
            part = select.args.get(name)
            if isinstance(part, exp.Expression):
                yield part
        if select.args.get("limit") and select.args.get("order"):
            yield select.args["order"]
        for join in select.args.get("joins") or []:
            if not _adds_no_rows(join):
                yield join
        yield from select.args.get("laterals") or []

    def _text(self, expression: exp.Expression, also: str = "") -> Traced:
        """Trace an expression: its SQL with every column and relation replaced by its digest."""
        reads: set[Reference] = set()
        values: set[Reference] = set()

        def resolved(node: exp.Expression) -> exp.Expression:
            tag = node.meta.get(_TAG)
            if tag is None:
                return node
            traced = (
                self._referenced(self.scopes[tag], node.table, node.name)
                if isinstance(node, exp.Column)
                else self._relation(*tag)
            )
            reads.update(traced.reads)
            values.update(traced.values)
            return exp.to_identifier(f"_{traced.digest}")

        text = expression.transform(resolved).sql(dialect=DIALECT, comments=False)
        return Traced(_digest(f"{text} {also}"), frozenset(reads), values=frozenset(values))

    def _referenced(self, scope: Scope, relation: str, column: str) -> Traced:
        source = scope.sources[relation]
        if isinstance(source, Scope):
            expression = source.expression
            if isinstance(expression, exp.Query) and column not in expression.named_selects:
                return self._rows(source)
            return self._column(source, column)
        name = relation_name(source)
        read = frozenset({(name, column)})
        return Traced(_digest(f"{name}.{column}"), read, carries=read, values=read, shown=read)

    def _relation(self, number: int, alias: str) -> Traced:
        source = self.scopes[number].sources[alias]
        if isinstance(source, Scope):
            return self._rows(source)
        name = relation_name(source)
        return Traced(_digest(name), frozenset({(name, ROWS)}))


def relation_name(table: exp.Expression) -> str:
    """``schema.table`` of a table in a query; a table function by its own text."""
    if isinstance(table, exp.Table) and table.name:
        return f"{table.db}.{table.name}".lower()
    return table.sql(dialect=DIALECT)


def _equalities(select: exp.Expression) -> Iterator[tuple[exp.Column, exp.Expression]]:
    """Columns and what each row holds them equal to.

    A side whose rows an outer join keeps has its values whoever is joined to it.
    """
    where = select.args.get("where")
    if where is not None:
        yield from _held_equal(where.this)
    for join in select.args.get("joins") or []:
        for column, equal in _held_equal(join.args.get("on")):
            is_joined = column.table == join.alias_or_name
            if (
                join.side == ""
                or (join.side == "LEFT" and is_joined)
                or (join.side == "RIGHT" and not is_joined)
            ):
                yield column, equal


def _held_equal(
    condition: exp.Expression | None,
) -> Iterator[tuple[exp.Column, exp.Expression]]:
    if condition is None:
        return
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        equality = part.unnest()
        if isinstance(equality, exp.EQ):
            sides = equality.left, equality.right
            for side, other in (sides, sides[::-1]):
                column = _uncast(side)
                if isinstance(column, exp.Column):
                    yield column, other


def _uncast(expression: exp.Expression) -> exp.Expression:
    while isinstance(expression, exp.Cast | exp.Paren):
        expression = expression.this
    return expression


def _adds_no_rows(join: exp.Join) -> bool:
    return join.side == "LEFT"


def _looks_at_many_rows(scope: Scope, projection: exp.Expression) -> bool:
    """Whether the value is an aggregate, or a window's: then it depends on which rows there are."""
    if projection.find(exp.AggFunc) or projection.find(exp.Window):
        return True
    group = scope.expression.args.get("group")
    # What is grouped by keeps its value; anything else is an aggregate sqlglot has no name for.
    return bool(group) and projection.unalias() not in group.expressions


def _group_keys(select: exp.Expression) -> list[exp.Expression] | None:
    """What the rows of a select are formed by; None where each comes from one row."""
    group = select.args.get("group")
    if group is not None:
        # What sqlglot has no list for, such as cube() or group by all, may be anything.
        return group.expressions or list(select.expressions)
    if select.args.get("distinct"):
        return list(select.expressions)
    for projection in select.expressions:
        for found in projection.find_all(exp.AggFunc):
            if not isinstance(found.parent, exp.Window):
                return []
    return None


def _children(node: exp.Expression, *names: str) -> Iterator[exp.Expression]:
    for name in names:
        part = node.args.get(name)
        if isinstance(part, exp.Expression):
            yield part
        else:
            yield from part or []


def _combined(kind: str, parts: list[Traced]) -> Traced:
    return Traced(
        _digest(" ".join([kind, *(part.digest for part in parts)])),
        frozenset().union(*(part.reads for part in parts)),
        frozenset().union(*(part.carries for part in parts)),
        frozenset().union(*(part.values for part in parts)),
        frozenset().union(*(part.shown for part in parts)),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
