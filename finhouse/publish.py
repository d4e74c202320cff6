"""Hand a tested build to readers by one atomic swap.

Readers never open the working warehouse. On DuckDB they open ``published/finhouse.duckdb``, a file
that is written aside and put in place by ``os.replace``; on Postgres they read schema
``published``, built aside and renamed in one transaction. Either way a reader sees the whole old
build or the whole new one. The schema bears the same name on both engines, so that the same query
serves.

Roles that may not see everything (``finhouse.clearances``) read the same publication without what
is above their clearance: views of schema ``masked_<clearance>``, renamed in the same transaction,
or a file of their own.

What readers were given is recorded with the swap itself: on Postgres in its transaction; on DuckDB
the file says which publication it is, and one that is killed before the record is written is
recorded from the file by whatever writes the warehouse next.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from finhouse.clearances import CLEARANCES, NO_MASKS, Masks, declared_masks
from finhouse.console import console
from finhouse.dbt.column_lineage import create_tables
from finhouse.dbt.history import DBT_RESULTS_DDL
from finhouse.dbt.manifest import MARTS, declared_marts, marts_of, read_manifest
from finhouse.errors import PublishError
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, qualified, quoted, text_literal
from finhouse.warehouse.building import only_build
from finhouse.warehouse.remedies import remedy_of

PUBLISHED_SCHEMA = "published"
# Follows the name of the schema that it will replace.
INCOMING = "__incoming"
INCOMING_SCHEMA = PUBLISHED_SCHEMA + INCOMING
# Followed by a publication; one that is still being read outlives the next ones.
OUTGOING_SCHEMA = "published__outgoing_"
# Followed by a clearance: views of the published marts, on Postgres.
MASKED_SCHEMA = "masked_"
# Schema and table of the published file that say which publication it is.
PUBLICATION = "operations.publication"
# The mart that tells readers how recent what they see is.
RECENCY = "data_recency"
PUBLICATION_ID = "%Y%m%dT%H%M%S.%fZ"
# How long a publication waits for readers of the last but one.
READERS_SECONDS = 5

_PUBLICATION_COLUMNS = """
    publication_id text not null,
    published_at timestamp not null,
    loaded_until timestamp,
    mart_count integer not null,
    row_count bigint not null
"""

PUBLICATIONS_DDL = f"""
create table if not exists raw_operations.publications ({_PUBLICATION_COLUMNS})
"""

LOADED_UNTIL_SQL = """
select max(loaded_at)
from raw_operations.load_log
where status = 'succeeded'
    and inserted_row_count + updated_row_count + deleted_row_count > 0
"""

REPORTED_KPIS_DDL = """
create table if not exists raw_operations.reported_kpis (
    publication_id text not null,
    kpi_code text not null,
    period_grain text not null,
    period_start date not null,
    numerator numeric(26, 8),
    denominator numeric(26, 8),
    value numeric(26, 8),
    loaded_until timestamp,
    cause_kind text,
    cause_batches text,
    restated_at timestamp
)
"""

# Only what differs from the last report is written: an unchanged build reports nothing new. Why and
# when a value was restated is written with it: later loads stamp the rows that tell it.
REPORT_KPIS_SQL = """
insert into raw_operations.reported_kpis
with current_values as (
    select kpi_code, 'month' as period_grain, month_start as period_start,
        numerator, denominator, value
    from {marts}.kpi_monthly
    where is_complete_period
    union all
    select kpi_code, 'day' as period_grain, date_day as period_start,
        numerator, denominator, value
    from {marts}.kpi_daily
    where is_complete_period
),
reports as (
    select *,
        row_number() over (
            partition by kpi_code, period_grain, period_start order by publication_id desc
        ) as recency,
        count(*) over (partition by kpi_code, period_grain, period_start) as report_count
    from raw_operations.reported_kpis
)
select cast($1 as text), current_values.*, cast($2 as timestamp),
    restatements.cause_kind, restatements.cause_batches, restatements.restated_at
from current_values
left join reports
    on current_values.kpi_code = reports.kpi_code
    and current_values.period_grain = reports.period_grain
    and current_values.period_start = reports.period_start
    and reports.recency = 1
left join {marts}.kpi_restatements as restatements
    on current_values.kpi_code = restatements.kpi_code
    and current_values.period_grain = restatements.period_grain
    and current_values.period_start = restatements.period_start
    and reports.report_count = restatements.change_number
where reports.kpi_code is null
    or reports.value is distinct from current_values.value
    or reports.numerator is distinct from current_values.numerator
    or reports.denominator is distinct from current_values.denominator
"""


@dataclass(frozen=True)
class Marts:
    """The tables to publish: their schema in the warehouse, and their names."""

    schema: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Publication:
    """What readers were given: where, how many marts and rows, and how many KPI values are new."""

    publication_id: str
    location: str
    marts: int
    rows: int
    reported_values: int


def create_reporting_tables(warehouse: Warehouse) -> None:
    """Create the tables dbt reads as source ``operations`` that no load creates."""
    warehouse.create_schema("raw_operations")
    warehouse.execute(PUBLICATIONS_DDL)
    warehouse.execute(REPORTED_KPIS_DDL)
    held = warehouse.columns("raw_operations", "reported_kpis")
    # In the order of the table that is created today.
    later = {"cause_kind": "text", "cause_batches": "text", "restated_at": "timestamp"}
    for column, kind in later.items():
        if column not in held:
            warehouse.execute(
                f"alter table raw_operations.reported_kpis add column {column} {kind}"
            )
    warehouse.execute(DBT_RESULTS_DDL)
    create_tables(warehouse)


def ensure_reporting_tables(settings: Settings, warehouse: Warehouse) -> None:
    """Create those tables, and record a publication that was killed before it was recorded."""
    create_reporting_tables(warehouse)
    if settings.is_file and settings.published_path.exists():
        _record_file(warehouse, settings.published_path)


def publish(settings: Settings, warehouse: Warehouse) -> Publication:
    """Publish the marts of a build that passed its tests; the KPI values in them are now reported.

    Only marts of the dbt project are published: what a removed model left behind is not. A
    publication aside reports nothing, and leaves what readers see as it is.

    Raises:
        ConfigurationError: the file of clearances says something else.
        PublishError: a mart is missing, a role that it names is, or may read everything, or the
            destination cannot be written; readers keep what they had.
        WarehouseError: another process builds in the same database.
    """
    marts = Marts(settings.schema_prefix + MARTS, tuple(declared_marts(settings)))
    missing = [mart for mart in marts.names if not warehouse.table_exists(marts.schema, mart)]
    if missing or not marts.names:
        raise PublishError(
            f"the {settings.target} warehouse lacks marts: {', '.join(missing) or 'all of them'}",
            "run `make build`, which makes and tests them all",
        )
    # A publication aside is for those who may see everything.
    masks = (
        NO_MASKS
        if settings.aside
        else declared_masks(settings.clearances, marts_of(read_manifest(settings)))
    )
    try:
        with only_build(settings, "publish"):
            return _publish(settings, warehouse, marts, masks)
    except warehouse.engine_error as error:
        raise PublishError(
            f"the {settings.target} warehouse refused the publication: {error}",
            f"{remedy_of(error)}, then run `make build` again",
        ) from error


def _publish(settings: Settings, warehouse: Warehouse, marts: Marts, masks: Masks) -> Publication:
    ensure_reporting_tables(settings, warehouse)
    publication_id, published_at = _next_publication(warehouse)
    [(loaded_until,)] = warehouse.execute(LOADED_UNTIL_SQL)
    record = (publication_id, published_at, loaded_until, len(marts.names))
    reported = 0
    if settings.is_file:
        location = str(settings.published_path)
        rows = _publish_files(settings, warehouse, marts, masks, record)
        if not settings.aside:
            reported = _record_file(warehouse, settings.published_path)
    else:
        location = f"schema {settings.published_schema} of the Postgres warehouse"
        rows = _fill_incoming(warehouse, settings.published_schema, marts, masks, record)
        if settings.aside:
            _swap_in_aside(warehouse, settings.published_schema)
        else:
            reported = _swap_in(warehouse, masks, (*record, rows))
    return Publication(publication_id, location, len(marts.names), rows, reported)


def _next_publication(warehouse: Warehouse) -> tuple[str, datetime]:
    """Identifier and moment of a publication; it sorts after all others, wherever the clock is."""
    now = datetime.now(UTC).replace(tzinfo=None)
    [(last,)] = warehouse.execute("select max(publication_id) from raw_operations.publications")
    if last is None or last < now.strftime(PUBLICATION_ID):
        return now.strftime(PUBLICATION_ID), now
    after = datetime.strptime(last, PUBLICATION_ID) + timedelta(microseconds=1)
    return after.strftime(PUBLICATION_ID), now


def _record(warehouse: Warehouse, marts_schema: str, record: Sequence[object]) -> int:
    """Note a publication and the KPI values in it; return how many are new.

    Args:
        marts_schema: where its marts are.
        record: a row of ``raw_operations.publications``.
    """
    publication_id, _, loaded_until, *_ = record
    warehouse.change("insert into raw_operations.publications values ($1, $2, $3, $4, $5)", record)
    return warehouse.change(
        REPORT_KPIS_SQL.format(marts=marts_schema), (publication_id, loaded_until)
    )


def _record_file(warehouse: Warehouse, published: Path) -> int:
    """Note the publication that a file is, unless it is noted; return how many values are new."""
    try:
        warehouse.execute(f"attach {text_literal(str(published))} as seen (read_only)")
    except warehouse.engine_error as error:
        reason = str(error).splitlines()[0]
        console.print(f"  {published} cannot be read ({reason}): the next publication replaces it")
        return 0
    try:
        if not warehouse.execute(
            "select 1 from duckdb_tables() where database_name = 'seen' "
            f"and schema_name || '.' || table_name = '{PUBLICATION}'"
        ):
            # Of a version before this one.
            return 0
        [record] = warehouse.execute(f"select * from seen.{PUBLICATION}")
        if warehouse.count("raw_operations.publications", "publication_id = $1", record[:1]):
            return 0
        with warehouse.transaction():
            return _record(warehouse, f"seen.{PUBLISHED_SCHEMA}", record)
    finally:
        warehouse.execute("detach seen")


def _publish_files(
    settings: Settings,
    warehouse: Warehouse,
    marts: Marts,
    masks: Masks,
    record: Sequence[object],
) -> int:
    """Put the published file and those of clearances in place; return the rows of the first."""
    everything = dict.fromkeys(marts.names, "*")
    files: dict[Path, Mapping[str, str]] = {settings.published_path: everything} | {
        settings.masked_path(clearance): selects for clearance, selects in masks.selects.items()
    }
    try:
        rows = [
            _write_incoming(warehouse, path, marts, selects, record)
            for path, selects in files.items()
        ]
        for path in files:
            _put_in_place(_incoming(path), path)
        if not settings.aside:
            for clearance in set(CLEARANCES) - set(masks.selects):
                _remove_masked(settings.masked_path(clearance))
    except (OSError, warehouse.engine_error) as error:
        for path in files:
            _remove_database(_incoming(path))
        raise PublishError(
            f"cannot write {' and '.join(map(str, files))}: {error}",
            f"{remedy_of(error)}; readers keep the previous build",
        ) from error
    return rows[0]


def _incoming(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.incoming")


def _write_incoming(
    warehouse: Warehouse,
    destination: Path,
    marts: Marts,
    selects: Mapping[str, str],
    record: Sequence[object],
) -> int:
    """Copy the marts into a new DuckDB file beside its destination; return the number of rows.

    Args:
        selects: mart -> what is selected of it.
    """
    incoming = _incoming(destination)
    schema = f"incoming.{PUBLISHED_SCHEMA}"
    destination.parent.mkdir(parents=True, exist_ok=True)
    _remove_database(incoming)
    warehouse.execute(f"attach {text_literal(str(incoming))} as incoming")
    try:
        # One transaction, as a thousand comments are: each alone would be written to the disk.
        with warehouse.transaction():
            warehouse.execute(f"create schema {schema}")
            for mart in marts.names:
                warehouse.execute(
                    f"create table {schema}.{mart} as select {selects[mart]}"
                    f" from {marts.schema}.{mart}"
                )
            _stamp(warehouse, schema, marts, record)
            _copy_comments(warehouse, schema, marts)
            rows = _count_rows(warehouse, schema, marts)
            warehouse.execute(f"create schema incoming.{PUBLICATION.partition('.')[0]}")
            warehouse.execute(f"create table incoming.{PUBLICATION} ({_PUBLICATION_COLUMNS})")
            warehouse.change(
                f"insert into incoming.{PUBLICATION} values ($1, $2, $3, $4, $5)",
                (*record, rows),
            )
        warehouse.execute("checkpoint incoming")
    finally:
        warehouse.execute("detach incoming")
    return rows


def _remove_masked(path: Path) -> None:
    """Remove the file of a clearance that no role has any more, and its folder if that is empty."""
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def _put_in_place(incoming: Path, destination: Path) -> None:
    with incoming.open("rb") as handle:
        os.fsync(handle.fileno())
    incoming.replace(destination)


def empty_published(
    settings: Settings, warehouse: Warehouse, marts: Collection[str] | None
) -> None:
    """Take the rows of some marts from readers at once, until the next publication.

    The marts stay, without rows, in what is the same publication otherwise; publications of past
    days, and those that were replaced while they were being read, go as a whole.

    Args:
        marts: their names; None empties all but those that say what is published and how recent.

    Raises:
        PublishError: the file or a schema cannot be replaced.
    """
    try:
        if settings.is_file:
            _empty_file(warehouse, settings.published_path, marts)
            for clearance in CLEARANCES:
                _empty_file(warehouse, settings.masked_path(clearance), marts)
            for other in settings.published_path.parent.glob("*.duckdb"):
                if other != settings.published_path:
                    other.unlink()
        else:
            _empty_schema(warehouse, marts)
    except (OSError, warehouse.engine_error) as error:
        raise PublishError(
            f"readers cannot be given a publication without the rows that were purged: {error}",
            f"{remedy_of(error)}, then run: finhouse doctor --repair",
        ) from error


def _is_emptied(mart: str, marts: Collection[str] | None) -> bool:
    return mart != RECENCY and (marts is None or mart in marts)


def _empty_file(warehouse: Warehouse, destination: Path, marts: Collection[str] | None) -> None:
    """Write the file anew: of rows that are merely deleted, the bytes would stay."""
    if not destination.exists():
        return
    incoming = _incoming(destination)
    _remove_database(incoming)
    warehouse.execute(f"attach {text_literal(str(destination))} as seen (read_only)")
    try:
        warehouse.execute(f"attach {text_literal(str(incoming))} as incoming")
        try:
            with warehouse.transaction():
                _copy_seen(warehouse, marts)
            warehouse.execute("checkpoint incoming")
        finally:
            warehouse.execute("detach incoming")
    finally:
        warehouse.execute("detach seen")
    _put_in_place(incoming, destination)


def _copy_seen(warehouse: Warehouse, marts: Collection[str] | None) -> None:
    tables = warehouse.execute(
        "select schema_name, table_name, comment from duckdb_tables()"
        " where database_name = 'seen' order by 1, 2"
    )
    for schema in dict.fromkeys(schema for schema, _, _ in tables):
        warehouse.execute(f"create schema if not exists incoming.{quoted(schema)}")
    for schema, table, comment in tables:
        name = qualified(schema, table)
        is_emptied = schema == PUBLISHED_SCHEMA and _is_emptied(table, marts)
        warehouse.execute(
            f"create table incoming.{name} as select * from seen.{name}"
            + (" where false" if is_emptied else "")
        )
        if comment is not None:
            warehouse.execute(f"comment on table incoming.{name} is {text_literal(comment)}")
    for schema, table, column, comment in warehouse.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = 'seen' and comment is not null"
    ):
        warehouse.execute(
            f"comment on column incoming.{qualified(schema, table)}.{quoted(column)}"
            f" is {text_literal(comment)}"
        )


def _empty_schema(warehouse: Warehouse, marts: Collection[str] | None) -> None:
    with warehouse.transaction():
        found = warehouse.execute(
            "select table_name::text from information_schema.tables where table_schema = $1",
            (PUBLISHED_SCHEMA,),
        )
        listed = [
            qualified(PUBLISHED_SCHEMA, mart) for (mart,) in found if _is_emptied(mart, marts)
        ]
        if listed:
            warehouse.execute(f"truncate {', '.join(listed)}")
        for (schema,) in warehouse.execute(
            "select nspname::text from pg_namespace where starts_with(nspname, $1)",
            (f"{PUBLISHED_SCHEMA}_",),
        ):
            warehouse.execute(f"drop schema {quoted(schema)} cascade")


def _remove_database(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def _count_rows(warehouse: Warehouse, schema: str, marts: Marts) -> int:
    return sum(
        warehouse.execute(f"select count(*) from {schema}.{mart}")[0][0] for mart in marts.names
    )


_DESCRIBED = """
select database_name, schema_name, table_name, comment from duckdb_tables()
union all
select database_name, schema_name, view_name, comment from duckdb_views()
"""


def _stamp(warehouse: Warehouse, schema: str, marts: Marts, record: Sequence[object]) -> None:
    """Write into what readers are given which publication it is, and when they are given it."""
    if RECENCY in marts.names:
        warehouse.change(
            f"update {schema}.{RECENCY} "
            "set publication_id = cast($1 as text), published_at = cast($2 as timestamp)",
            record[:2],
        )


def _copy_comments(warehouse: Warehouse, schema: str, marts: Marts) -> None:
    """Carry the documentation of tables and columns over: readers' tools show it."""
    # Of domains that were built before and are not chosen now there are marts, too.
    listed = ", ".join(map(text_literal, marts.names))
    of_marts = (
        f"database_name = current_database() and schema_name = '{marts.schema}'"
        f" and table_name in ({listed}) and comment is not null"
    )
    for table, comment in warehouse.execute(
        f"select table_name, comment from ({_DESCRIBED}) where {of_marts}"
    ):
        warehouse.execute(f"comment on table {schema}.{table} is {text_literal(comment)}")
    for table, column, comment in warehouse.execute(
        f"select table_name, column_name, comment from duckdb_columns() where {of_marts}"
    ):
        warehouse.execute(
            f'comment on column {schema}.{table}."{column}" is {text_literal(comment)}'
        )


def _fill_incoming(
    warehouse: Warehouse, published: str, marts: Marts, masks: Masks, record: Sequence[object]
) -> int:
    """Copy the marts into a new Postgres schema beside ``published``; return the rows."""
    incoming = published + INCOMING
    with warehouse.transaction():
        warehouse.execute(f"drop schema if exists {incoming} cascade")
        for clearance in CLEARANCES:
            warehouse.execute(f"drop schema if exists {incoming}_{clearance} cascade")
        warehouse.execute(f"create schema {incoming}")
        for mart in marts.names:
            # `including all` brings comments, not-null constraints and defaults along.
            warehouse.execute(
                f"create table {incoming}.{mart} (like {marts.schema}.{mart} including all)"
            )
            warehouse.execute(f"insert into {incoming}.{mart} select * from {marts.schema}.{mart}")
        _stamp(warehouse, incoming, marts, record)
        _copy_grants(warehouse, incoming, masks.roles)
        for clearance, selects in masks.selects.items():
            _create_views(warehouse, incoming, clearance, selects)
        for role, clearance in masks.roles.items():
            _let_read_views(warehouse, role, f"{incoming}_{clearance}", (incoming, marts.schema))
        return _count_rows(warehouse, incoming, marts)


def _create_views(
    warehouse: Warehouse, incoming: str, clearance: str, selects: Mapping[str, str]
) -> None:
    """Make the views of a clearance on what is to be published.

    They read with the rights of who owns them, so that their readers need none to the marts. As
    barriers they show a function in somebody's condition what they show, and nothing below.
    """
    schema = f"{incoming}_{clearance}"
    warehouse.execute(f"create schema {schema}")
    for mart, columns in selects.items():
        warehouse.execute(
            f"create view {schema}.{mart} with (security_barrier) as"
            f" select {columns} from {incoming}.{mart}"
        )
    for mart, column, comment in warehouse.execute(
        "select relname::text, attname::text, description from pg_description"
        " inner join pg_class on pg_class.oid = objoid"
        " left join pg_attribute on attrelid = objoid and attnum = objsubid and objsubid > 0"
        " where classoid = 'pg_class'::regclass and relkind = 'r'"
        " and relnamespace = to_regnamespace($1)",
        (incoming,),
    ):
        on = f"view {schema}.{mart}" if column is None else f"column {schema}.{mart}.{column}"
        warehouse.execute(f"comment on {on} is {text_literal(comment)}")


def _let_read_views(warehouse: Warehouse, role: str, views: str, whole: Sequence[str]) -> None:
    """Grant a role the views of its clearance.

    Args:
        whole: schemas of marts that it must not read.

    Raises:
        PublishError: the role is not there, or may read marts as a whole.
    """
    if not warehouse.execute("select 1 from pg_roles where rolname = $1", (role,)):
        raise PublishError(
            f"role {role}, which has a clearance, is not in the Postgres warehouse",
            "create it (roles/postgres_warehouse.sql shows how), or take it out of the file of "
            "clearances",
        )
    for schema in whole:
        # A role that does not inherit may still take the place of one whose member it is.
        if warehouse.execute(
            "select 1 from pg_roles where pg_has_role($1::name, oid, 'member')"
            " and has_schema_privilege(oid, $2, 'usage')",
            (role, schema),
        ):
            raise PublishError(
                f"role {role} has a clearance and may read schema {schema} as a whole",
                "it is a superuser, or a member of a role that may, or everybody may: revoke that, "
                "or take it out of the file of clearances",
            )
    warehouse.execute(f"grant usage on schema {views} to {role}")
    warehouse.execute(f"grant select on all tables in schema {views} to {role}")


def _swap_in(warehouse: Warehouse, masks: Masks, record: Sequence[object]) -> int:
    """Give readers the incoming schemas; return how many KPI values are new."""
    outgoing = OUTGOING_SCHEMA + "".join(filter(str.isdigit, str(record[0])))
    replaced = {PUBLISHED_SCHEMA: outgoing} | {
        MASKED_SCHEMA + clearance: f"{outgoing}_{clearance}" for clearance in CLEARANCES
    }
    incoming = {INCOMING_SCHEMA: PUBLISHED_SCHEMA} | {
        f"{INCOMING_SCHEMA}_{clearance}": MASKED_SCHEMA + clearance for clearance in masks.selects
    }
    # Renaming waits for no reader; dropping the old build does, so it comes apart.
    with warehouse.transaction():
        there = {
            name
            for (name,) in warehouse.execute(
                "select nspname::text from pg_namespace where nspname = any($1)",
                (list(replaced),),
            )
        }
        for schema in [name for name in replaced if name in there]:
            warehouse.execute(f"alter schema {schema} rename to {replaced[schema]}")
        for schema, name in incoming.items():
            warehouse.execute(f"alter schema {schema} rename to {name}")
        reported = _record(warehouse, PUBLISHED_SCHEMA, record)
    _drop_outgoing(warehouse)
    return reported


def _swap_in_aside(warehouse: Warehouse, published: str) -> None:
    """Replace a publication aside, which few read, by its incoming schema."""
    with warehouse.transaction():
        warehouse.execute(f"set local lock_timeout = '{READERS_SECONDS}s'")
        warehouse.execute(f"drop schema if exists {published} cascade")
        warehouse.execute(f"alter schema {published}{INCOMING} rename to {published}")


def _drop_outgoing(warehouse: Warehouse) -> None:
    """Drop the builds before this one; one that is still being read is left for later.

    Views go before what they read, in the order in which their readers lock both: the other way
    round a reader and the drop could wait for each other.
    """
    outgoing = warehouse.execute(
        "select schema_name from information_schema.schemata "
        f"where starts_with(schema_name, '{OUTGOING_SCHEMA.rstrip('_')}') "
        "order by schema_name desc"
    )
    for (schema,) in outgoing:
        try:
            with warehouse.transaction():
                warehouse.execute(f"set local lock_timeout = '{READERS_SECONDS}s'")
                warehouse.execute(f"drop schema {schema} cascade")
        except psycopg.errors.LockNotAvailable:
            console.print(
                f"  {schema}, the build before, is still being read: the next publication drops it"
            )


def _copy_grants(warehouse: Warehouse, incoming: str, masked: Collection[str]) -> None:
    """Let whoever may read the schema readers have now read the one that is made.

    Args:
        masked: roles that see less; a right that one has from before ends here.
    """
    readers = warehouse.execute(
        "select distinct quote_ident(role.rolname) from pg_namespace "
        "cross join lateral aclexplode(nspacl) as grants "
        "inner join pg_roles as role on role.oid = grants.grantee "
        f"where nspname = '{PUBLISHED_SCHEMA}' and grants.privilege_type = 'USAGE' "
        "and grants.grantee <> nspowner and not role.rolname = any($1)",
        (list(masked),),
    )
    for (reader,) in readers:
        warehouse.execute(f"grant usage on schema {incoming} to {reader}")
        warehouse.execute(f"grant select on all tables in schema {incoming} to {reader}")
