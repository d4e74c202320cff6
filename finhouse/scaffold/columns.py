"""The columns of a staging model: what each raw column is called there, and what it is cast to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from finhouse.scaffold.catalogue import CatalogueColumn
from finhouse.scaffold.loading import LoadedTable
from finhouse.scaffold.names import is_reserved, is_vague, singular, snake_case, unused, words
from finhouse.sources.definitions import LOADER_COLUMNS

IDS, TEXTS, NUMBERS, FLAGS, TIMES = range(5)
"""The order in which a staging model lists its columns."""

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_UNBOUNDED = "numeric(26, 8)"
_INTEGERS = {"int2": "integer", "int4": "integer", "int8": "bigint"}
_TIME_WORD = re.compile(r"^(date|time)_(?=.)|(?<=.)_(at|date|time|timestamp|datetime|on|ts|utc)$")


@dataclass(frozen=True)
class StagedColumn:
    """A column of a staging model.

    Attributes:
        source_name: its name in raw.
        sql: the expression, without its name.
        group: ``IDS`` ... ``TIMES``.
        to_confirm: what is a guess about it, in words; empty if nothing is.
        points_to: (raw table, its column there) of a reference.
    """

    name: str
    source_name: str
    sql: str
    data_type: str
    group: int
    nullable: bool
    description: str = ""
    labels: tuple[str, ...] = ()
    to_confirm: str = ""
    points_to: tuple[str, str] | None = None


def staged_columns(
    loaded: LoadedTable, names: Mapping[str, str], schema: str
) -> list[StagedColumn]:
    """Columns of the staging model of a table, in the order it lists them; omitted ones are not.

    Args:
        names: identifier -> raw name of every table of the source.
        schema: the schema of the catalogue; references into other schemas are not followed.
    """
    table = loaded.table
    entity = singular(loaded.name)
    pointing = {
        reference.columns[0]: (names[reference.table], reference.referenced[0])
        for reference in table.references
        if len(reference.columns) == 1 and reference.schema == schema and reference.table in names
    }
    taken: set[str] = set(LOADER_COLUMNS)
    found = []
    for column in table.columns:
        if column.name in loaded.omitted:
            continue
        is_key = table.key == (column.name,)
        points_to = pointing.get(column.name)
        staged = _staged(column, entity, is_key, points_to)
        name = unused(staged.name, taken)
        taken.add(name)
        found.append(replace(staged, name=name))
    return sorted(found, key=lambda column: column.group)


def _staged(
    column: CatalogueColumn, entity: str, is_key: bool, points_to: tuple[str, str] | None
) -> StagedColumn:
    name = snake_case(column.name) or "column"
    sql, data_type, group, to_confirm = _cast(column)
    of_integer = column.source.type_name in _INTEGERS or column.source.type_name == "uuid"
    is_id = of_integer and (is_key or points_to is not None or name == "id" or name.endswith("_id"))
    if is_id or points_to:
        group = IDS
        if of_integer or data_type != "string":
            sql, data_type = _as_text(column.name), "string"
        if name == "id":
            name = f"{entity}_id"
        elif not name.endswith("_id") and of_integer:
            name = f"{name}_id"
    elif is_key:
        group = IDS
        name = f"{entity}_{name}" if is_vague(name) or name == "id" else name
    elif data_type == "boolean":
        name = name if name.startswith(("is_", "has_")) else f"is_{name}"
    elif data_type == "timestamp":
        name = moment_name(name, entity)
    elif is_vague(name) or name == "id":
        name = f"{entity}_{name}"
    return StagedColumn(
        name=name,
        source_name=column.name,
        sql=sql,
        data_type=data_type,
        group=group,
        nullable=column.source.nullable,
        description=column.comment or _by_rule(column, entity, is_key, points_to),
        labels=column.labels,
        to_confirm=to_confirm,
        points_to=points_to,
    )


def _by_rule(
    column: CatalogueColumn, entity: str, is_key: bool, points_to: tuple[str, str] | None
) -> str:
    """What the catalogue says of keys, in words; the rest is for a person to say."""
    if points_to and not is_key:
        of = words(singular(points_to[0]))
        may = "; null where there is none" if column.source.nullable else ""
        return f"{of.capitalize()} that the {words(entity)} refers to{may}."
    if is_key:
        return f"Identifier of the {words(entity)}."
    return ""


def moment_name(name: str, entity: str) -> str:
    """What a staging model calls a moment: ``date_created`` -> ``created_at``.

    Args:
        name: in snake case; one that says nothing else, such as ``timestamp``, takes the entity's.
    """
    stem = _TIME_WORD.sub("", name)
    return f"{entity}_at" if stem in ("date", "time", "timestamp", "datetime") else f"{stem}_at"


def _cast(column: CatalogueColumn) -> tuple[str, str, int, str]:
    """(expression, data type, group, what is a guess) of a column, as extract-load brings it."""
    source = column.source
    if column.base and (column.base.type_name in _INTEGERS or column.base.decimal):
        # A domain comes as text, and that of a number is a number all the same.
        source = column.base
    name = _quoted(column.name)
    kind = source.type_name
    if kind == "bool":
        return name, "boolean", FLAGS, ""
    if kind in _INTEGERS:
        return f"cast({name} as {_INTEGERS[kind]})", _INTEGERS[kind], NUMBERS, ""
    if source.decimal:
        data_type = "numeric({}, {})".format(*source.decimal)
        return f"cast({name} as {data_type})", data_type, NUMBERS, ""
    if kind == "numeric":
        guess = f"{source.source_type} became {_UNBOUNDED}: is that enough?"
        return f"cast({name} as {_UNBOUNDED})", _UNBOUNDED, NUMBERS, guess
    if kind in ("float4", "float8"):
        return f"cast({name} as {{{{ type_double() }}}})", "double", NUMBERS, ""
    if kind == "date":
        return name, "date", TIMES, ""
    if kind == "timestamptz":
        inner = f"'{column.name}'" if _is_plain(column.name) else _call(column.name)
        return f"{{{{ to_utc({inner}) }}}}", "timestamp", TIMES, ""
    if kind == "timestamp":
        guess = "timestamp without time zone: is it in UTC?"
        return f"cast({name} as timestamp)", "timestamp", TIMES, guess
    if kind in ("text", "varchar"):
        return name, "string", TEXTS, ""
    return _as_text(column.name), "string", TEXTS, ""


def _as_text(column: str) -> str:
    return f"cast({_quoted(column)} as {{{{ dbt.type_string() }}}})"


def _is_plain(name: str) -> bool:
    return bool(_PLAIN_NAME.fullmatch(name)) and not is_reserved(name)


def _quoted(name: str) -> str:
    """A raw column in SQL: as it is, or quoted as each engine quotes."""
    return name if _is_plain(name) else f"{{{{ {_call(name)} }}}}"


def _call(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"source_column('{escaped}')"
