"""New sources and tables: source file, dbt sources, and a staging model for each table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from finhouse.errors import ConfigurationError
from finhouse.scaffold import source_file, staging
from finhouse.scaffold.catalogue import Catalogue, read_catalogue
from finhouse.scaffold.columns import StagedColumn, staged_columns
from finhouse.scaffold.dating import date_new_table
from finhouse.scaffold.loading import LoadedTable, plan_loading
from finhouse.scaffold.plan import Plan
from finhouse.scaffold.project import domains, model_entry, tested_key
from finhouse.sources.definitions import PostgresDefinition, available_sources


def plan_source(
    plan: Plan,
    source: str,
    url: str,
    schema: str,
    *,
    tables: Collection[str] = (),
    url_env: str | None = None,
    time_zone: str = "UTC",
) -> None:
    """Add the files of a source that reads a schema of a database.

    Args:
        url: of the database; it is read, never changed.
        tables: those of the schema that it reads, by their names there; default all.
        url_env: the variable that holds the address, where that is not the OLTP database's.
        time_zone: zone of the hour at which it is loaded.

    Raises:
        ConfigurationError: a file of it exists already.
        SourceError: the catalogue cannot be read, or has no such schema or table.
    """
    _refuse_existing(plan, source)
    catalogue = read_catalogue(url, schema, tables)
    loaded_tables, remarks = plan_loading(catalogue)
    plan.remarks += remarks
    description = catalogue.comment
    database = f"the database of {url_env}" if url_env else "the OLTP database"
    text = source_file.source_yaml(source, description, schema, url_env, time_zone, loaded_tables)
    source_file.parsed(source, text)
    plan.create(source_file.path(source), text, "schedule and time_zone: when it is loaded")
    for loaded in loaded_tables:
        plan.ask(source_file.path(source), *_personal_data(loaded))
    sources = f"{staging.folder(source)}/_{source}__sources.yml"
    plan.create(
        sources,
        staging.sources_yaml(
            source,
            description
            or f"Schema {schema} of {database}, loaded as declared in {source_file.path(source)}.",
            loaded_tables,
        ),
    )
    silent = [loaded.name for loaded in loaded_tables if not loaded.table.comment]
    if silent:
        plan.ask(sources, f"descriptions, what one row is, of {', '.join(silent)}")
    for loaded, columns in _staged(catalogue, loaded_tables):
        _add_model(plan, source, loaded, columns)
    plan.next_command = f"finhouse load {source}"


def plan_table(plan: Plan, source: str, table: str, url: str) -> None:
    """Add one more table of the database to a source.

    Args:
        table: its name in the database.

    Raises:
        ConfigurationError: there is no such source, it reads files, or it has the table already.
        SourceError: the catalogue cannot be read, or has no such table.
    """
    definition = _database_source(plan, source)
    declared = {known.name_in_source: known.name for known in definition.tables}
    if table in declared or table in declared.values():
        raise ConfigurationError(
            f"{source_file.path(source)} has table {table!r} already",
            "edit it there, or name another table",
        )
    # Read first by itself: the error names what the schema has.
    read_catalogue(url, definition.database_schema, [table])
    whole = read_catalogue(url, definition.database_schema)
    catalogue = replace(
        whole, tables=tuple(found for found in whole.tables if found.name in {*declared, table})
    )
    names = {
        found.name: declared[found.name] for found in catalogue.tables if found.name in declared
    }
    only_new = replace(whole, tables=tuple(found for found in whole.tables if found.name == table))
    [loaded], remarks = plan_loading(only_new, names)
    plan.remarks += remarks
    path = source_file.path(source)
    plan.change(path, source_file.with_table(source, plan.text(path), loaded))
    plan.ask(path, *_personal_data(loaded))
    sources = f"{staging.folder(source)}/_{source}__sources.yml"
    lines = "\n".join(staging.source_table_lines(loaded))
    plan.change(sources, f"{plan.text(sources).rstrip()}\n{lines}\n")
    if not loaded.table.comment:
        plan.ask(sources, f"description, what one row is, of {loaded.name}")
    columns = staged_columns(loaded, {**names, table: loaded.name}, whole.schema)
    known = [
        replace(column, points_to=_known_field(plan, source, loaded, column, columns, whole))
        for column in columns
    ]
    _add_model(plan, source, loaded, known)
    if source in domains(plan):
        date_new_table(plan, source, loaded.name)
    plan.next_command = f"finhouse load {source} {loaded.name}"


def _refuse_existing(plan: Plan, source: str) -> None:
    if plan.has(source_file.path(source)):
        others = ", ".join(available_sources(plan.root / "finhouse" / "sources"))
        raise ConfigurationError(
            f"{source_file.path(source)} exists already",
            f"choose another name than {others}; one more table of it: finhouse new table NAME"
            f" --source {source}",
        )


def _database_source(plan: Plan, source: str) -> PostgresDefinition:
    if not plan.has(source_file.path(source)):
        known = ", ".join(available_sources(plan.root / "finhouse" / "sources"))
        raise ConfigurationError(
            f"there is no source {source!r}", f"use one of {known}, or make it: finhouse new source"
        )
    definition = source_file.parsed(source, plan.text(source_file.path(source)))
    if not isinstance(definition, PostgresDefinition):
        raise ConfigurationError(
            f"source {source} reads files, and all of them land in its one table",
            "declare another source of kind csv_folder for them, as merchant_activity.yml does",
        )
    return definition


def _personal_data(loaded: LoadedTable) -> list[str]:
    return [
        f"{loaded.name}.{column}: {rule}, to be confirmed ({why})"
        for column, (rule, why) in loaded.personal_data.items()
    ] + [f"{loaded.name}: the classes of its columns, to be confirmed"]


def _staged(
    catalogue: Catalogue, tables: Sequence[LoadedTable]
) -> list[tuple[LoadedTable, list[StagedColumn]]]:
    """Columns of each table's model; what they point to is named as its model names it."""
    names = {loaded.table.name: loaded.name for loaded in tables}
    columns = {loaded.name: staged_columns(loaded, names, catalogue.schema) for loaded in tables}
    fields = {
        (table, column.source_name): column.name
        for table, listed in columns.items()
        for column in listed
    }

    def named(column: StagedColumn) -> StagedColumn:
        if column.points_to is None:
            return column
        field = fields.get(column.points_to)
        return replace(column, points_to=field and (column.points_to[0], field))

    return [(loaded, [named(column) for column in columns[loaded.name]]) for loaded in tables]


def _known_field(
    plan: Plan,
    source: str,
    loaded: LoadedTable,
    column: StagedColumn,
    columns: Sequence[StagedColumn],
    catalogue: Catalogue,
) -> tuple[str, str] | None:
    """What a reference of a new table points to, as the model that is there calls it."""
    if column.points_to is None:
        return None
    table, field = column.points_to
    if table == loaded.name:
        own = next((known.name for known in columns if known.source_name == field), None)
        return own and (table, own)
    path = f"{staging.folder(source)}/{staging.model_name(source, table)}.yml"
    if plan.has(path):
        key = tested_key(model_entry(plan.text(path)))
        if len(key) == 1 and (key[0] == field or key[0].endswith("_id")):
            return table, key[0]
    plan.remarks.append(
        f"{loaded.name}.{column.name} refers to {table}, whose model tests no such key: no"
        " relationship is tested"
    )
    return None


def _add_model(
    plan: Plan, source: str, loaded: LoadedTable, columns: Sequence[StagedColumn]
) -> None:
    name = f"{staging.folder(source)}/{staging.model_name(source, loaded.name)}"
    composite = [reference for reference in loaded.table.references if len(reference.columns) > 1]
    for reference in composite:
        plan.remarks.append(
            f"{loaded.name} refers to {reference.table} by {', '.join(reference.columns)} together:"
            " no relationship is tested"
        )
    plan.create(f"{name}.sql", staging.staging_sql(source, loaded, columns))
    plan.create(
        f"{name}.yml",
        staging.staging_yaml(source, loaded, columns),
        *staging.to_say(loaded, columns),
    )
