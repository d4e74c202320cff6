"""Raw tables that the demo company does not have: created without rows, so that models build.

A project of one's own has sources that finhouse's demo company knows nothing of. Their columns are
taken from the staging models that read them, and a type from what these do with each column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

import duckdb
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, build_scope

from finhouse.dbt.manifest import Manifest, Node, models_of
from finhouse.dbt.sql_columns import DIALECT, relation_name
from finhouse.errors import GateError
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, open_warehouse
from finhouse.warehouse.base import qualified, quoted

# Every row of a raw table bears these.
_LOADERS_OWN = {"_loaded_at": "timestamp", "_batch_id": "varchar"}
# Tried in turn where a column is computed with: what a column may be for the expression to bind.
_TYPES = ("varchar", "timestamptz", "timestamp", "date", "bigint", "decimal(38, 8)", "boolean")
_DBT_TYPES = {"string": "varchar"}


def create_missing_sources(settings: Settings, manifest: Manifest) -> list[str]:
    """Create, without rows, each source table that the warehouse lacks; return their names.

    Args:
        settings: names the warehouse.
        manifest: of the project, with the staging models' ``compiled_code``.

    Raises:
        GateError: the columns of one cannot be told from the models that read it.
    """
    with open_warehouse(settings) as warehouse:
        missing = {
            unique_id: source
            for unique_id, source in manifest["sources"].items()
            if not warehouse.table_exists(source["schema"], source["identifier"])
        }
        for unique_id, source in missing.items():
            readers = [m for m in models_of(manifest) if unique_id in m["depends_on"]["nodes"]]
            _create(warehouse, source, readers)
    return sorted(f"{source['schema']}.{source['identifier']}" for source in missing.values())


def _create(warehouse: Warehouse, source: Node, readers: Sequence[Node]) -> None:
    schema, table = source["schema"], source["identifier"]
    columns = dict(_LOADERS_OWN)
    for reader in readers:
        for name, kind in _columns(reader, f"{schema}.{table}".lower()).items():
            columns.setdefault(name, kind)
    listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    warehouse.create_schema(schema)
    warehouse.execute(f"create table {qualified(schema, table)} ({listed})")
    for reader in readers:
        try:
            warehouse.execute(f"describe {reader['compiled_code']}")
        except warehouse.engine_error as error:
            warehouse.drop_table(schema, table)
            raise GateError(
                f"the demo company has no table {schema}.{table}, and what columns it must have "
                f"cannot be told from {reader['name']}: {str(error).splitlines()[0]}",
                "name each raw column in the staging model, cast where it is computed with; or "
                "give the demo company such a table (finhouse/demo)",
            ) from error


def _columns(reader: Node, table: str) -> dict[str, str]:
    """Columns of a raw table by name, with a type each, as one model reads them."""
    declared = {
        name: _DBT_TYPES.get(
            str(column.get("data_type")), str(column.get("data_type") or "varchar")
        )
        for name, column in reader["columns"].items()
    }
    try:
        root = build_scope(parse_one(reader["compiled_code"], dialect=DIALECT))
    except SqlglotError:
        return {}
    found: dict[str, str] = {}
    for scope in root.traverse() if root else ():
        relations = {name for name, source in scope.sources.items() if _is_table(source, table)}
        if not relations or not isinstance(scope.expression, exp.Select):
            continue
        # What is shown as it is has the type that it is declared to have.
        for projection in sorted(scope.expression.selects, key=lambda one: not _is_shown(one)):
            names = _read(projection, scope, relations)
            if not names:
                continue
            if _is_shown(projection):
                kinds: Iterable[tuple[str, ...]] = [
                    (declared.get(projection.alias_or_name, "varchar"),)
                ]
            else:
                kinds = _tried(names, found)
            found |= {
                n: k for n, k in _first_that_binds(projection, names, kinds) if n not in found
            }
        for name in _read(scope.expression, scope, relations):
            found.setdefault(name, "varchar")
    return found


def _is_shown(projection: exp.Expression) -> bool:
    return isinstance(projection.unalias(), exp.Column)


def _is_table(source: Scope | exp.Expression, table: str) -> bool:
    """Whether rows of a relation are those of the raw table, as they are."""
    if not isinstance(source, Scope):
        return relation_name(source) == table
    select = source.expression
    return (
        isinstance(select, exp.Select)
        and select.is_star
        and len(source.sources) == 1
        and all(_is_table(below, table) for below in source.sources.values())
    )


def _read(node: exp.Expression, scope: Scope, relations: set[str]) -> list[str]:
    """Columns of the raw table in an expression, in order, each once."""
    only_one = len(scope.sources) == len(relations)
    inside = {id(column) for column in scope.columns}
    return list(
        dict.fromkeys(
            column.name
            for column in node.find_all(exp.Column)
            if id(column) in inside
            and not isinstance(column.this, exp.Star)
            and (column.table in relations or (not column.table and only_one))
        )
    )


def _tried(names: Sequence[str], known: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Types to try for columns that one expression reads; those of all but a few are alike."""
    free = [name for name in names if name not in known]
    choices = (
        product(_TYPES, repeat=len(free)) if len(free) <= 2 else ((k,) * len(free) for k in _TYPES)
    )
    for chosen in choices:
        by_name = dict(zip(free, chosen, strict=True))
        yield tuple(known.get(name) or by_name[name] for name in names)


def _first_that_binds(
    projection: exp.Expression, names: Sequence[str], kinds: Iterable[tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    def bare_column(node: exp.Expression) -> exp.Expression:
        return exp.column(node.name, quoted=True) if isinstance(node, exp.Column) else node

    expression = projection.unalias().transform(bare_column).sql(dialect=DIALECT)
    for kind in kinds:
        columns = ", ".join(
            f"cast(null as {k}) as {quoted(n)}" for n, k in zip(names, kind, strict=True)
        )
        try:
            duckdb.sql(f"describe select {expression} from (select {columns})")
        except duckdb.Error:
            continue
        yield from zip(names, kind, strict=True)
        return
