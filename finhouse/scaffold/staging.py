"""The staging model of a raw table: its SQL, its YAML, and its place among the dbt sources."""

from __future__ import annotations

from collections.abc import Sequence

from finhouse.scaffold.columns import StagedColumn
from finhouse.scaffold.loading import LoadedTable
from finhouse.scaffold.names import singular, words
from finhouse.scaffold.text import LINE, described, listed
from finhouse.sources.definitions import LOADER_COLUMNS


def folder(source: str) -> str:
    """Where the staging models of a source are."""
    return f"dbt_project/models/staging/{source}"


def model_name(source: str, table: str) -> str:
    """``stg_<source>__<table>``."""
    return f"stg_{source}__{table}"


def staging_sql(source: str, loaded: LoadedTable, columns: Sequence[StagedColumn]) -> str:
    """SQL of the staging model."""
    lines = [
        "with source as (",
        "",
        f"    select * from {{{{ source('{source}', '{loaded.name}') }}}}",
    ]
    lines += ["", "),", "", "renamed as (", "", "    select"]
    for column in columns:
        lines += _selected(column)
    lines += [f"        {name}," for name in LOADER_COLUMNS]
    lines[-1] = lines[-1].removesuffix(",")
    lines += ["    from source", ""]
    lines += [")", "", "select * from renamed"]
    return "\n".join(lines) + "\n"


def _selected(column: StagedColumn) -> list[str]:
    if column.sql == column.name:
        return [f"        {column.name},"]
    line = f"        {column.sql} as {column.name},"
    if len(line) <= LINE:
        return [line]
    return [f"        {column.sql}", f"            as {column.name},"]


def staging_yaml(source: str, loaded: LoadedTable, columns: Sequence[StagedColumn]) -> str:
    """YAML of the staging model: what the catalogue says of its columns, and the tests of it."""
    name = model_name(source, loaded.name)
    by_source = {column.source_name: column for column in columns}
    key = [by_source[column].name for column in loaded.table.key]
    required = [column.name for column in columns if not column.nullable and column.name not in key]
    required += LOADER_COLUMNS
    lines = ["version: 2", "", "models:", f"  - name: {name}"]
    lines += described(loaded.table.comment, 4)
    lines += ["    data_tests:"]
    lines += ["      - row_rules:", f"          name: row_rules_{name}", "          arguments:"]
    lines += listed("key", key, 12) if key else []
    lines += listed("not_null", required, 12)
    if labelled := [column for column in columns if column.labels]:
        lines += ["            accepted_values:"]
        for column in labelled:
            lines += listed(column.name, column.labels, 14)
    lines += ["    columns:"]
    for column in columns:
        lines += _column_yaml(source, column)
    for loader_column in LOADER_COLUMNS:
        doc = loader_column.removeprefix("_")
        lines += [f"      - name: {loader_column}"]
        lines += [f"        data_type: {'timestamp' if doc == 'loaded_at' else 'string'}"]
        lines += [f"        description: \"{{{{ doc('{doc}') }}}}\""]
    return "\n".join(lines) + "\n"


def _column_yaml(source: str, column: StagedColumn) -> list[str]:
    lines = [f"      - name: {column.name}", f"        data_type: {column.data_type}"]
    lines += described(column.description, 8)
    if column.points_to:
        table, field = column.points_to
        to = f"ref('{model_name(source, table)}')"
        lines += ["        data_tests:", "          - relationships:"]
        line = f"              arguments: {{to: {to}, field: {field}}}"
        if len(line) <= LINE:
            lines += [line]
        else:
            lines += ["              arguments:", f"                to: {to}"]
            lines += [f"                field: {field}"]
    return lines


def to_say(loaded: LoadedTable, columns: Sequence[StagedColumn]) -> list[str]:
    """What only a person can say in the YAML of a staging model."""
    said = []
    if not loaded.table.comment:
        said.append(f"description: what one row is (one {words(singular(loaded.name))} ...?)")
    silent = [column.name for column in columns if not column.description]
    if silent:
        said.append(f"descriptions of {', '.join(silent)}")
    said += [f"{column.name}: {column.to_confirm}" for column in columns if column.to_confirm]
    return said


def sources_yaml(source: str, description: str, tables: Sequence[LoadedTable]) -> str:
    """The dbt sources file of a PostgreSQL source."""
    lines = ["version: 2", "", "sources:", f"  - name: {source}", *described(description, 4)]
    lines += [f"    schema: raw_{source}", "    config:"]
    lines += [
        "      # A table without news is fresh as long as it was looked at: the load log knows"
        " when.",
        "      loaded_at_query: >",
        "        select max(loaded_at) from {{ source('operations', 'load_log') }}",
        f"        where source_name = '{source}' and table_name = '{{{{ this.identifier }}}}'",
        "        and status = 'succeeded'",
        "      freshness:",
        "        warn_after: {count: 26, period: hour}",
        "        error_after: {count: 50, period: hour}",
        "    tables:",
    ]
    for loaded in tables:
        lines += source_table_lines(loaded)
    return "\n".join(lines) + "\n"


def source_table_lines(loaded: LoadedTable) -> list[str]:
    """A table's lines in the dbt sources file."""
    return [f"      - name: {loaded.name}", *described(loaded.table.comment, 8)]
