"""A publication as a schema of Postgres, and a schema of views for each clearance."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import psycopg

from finhouse.clearances import CLEARANCES, Masks
from finhouse.console import console
from finhouse.publish.names import (
    INCOMING,
    INCOMING_SCHEMA,
    MASKED_SCHEMA,
    OUTGOING_SCHEMA,
    PUBLISHED_SCHEMA,
    Marts,
    count_rows,
    loses_rows,
    stamp,
)
from finhouse.publish.reporting import record_publication
from finhouse.publish.role_views import create_views, let_read_views
from finhouse.warehouse import Warehouse, qualified, quoted, text_literal

# How long a publication waits for readers of the last but one.
READERS_SECONDS = 5


def fill_incoming(
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
        stamp(warehouse, incoming, marts, record)
        _copy_grants(warehouse, incoming, masks.roles)
        for clearance, selects in masks.selects.items():
            create_views(warehouse, incoming, clearance, selects)
        for role, clearance in masks.roles.items():
            let_read_views(warehouse, role, clearance, f"{incoming}_{clearance}")
        return count_rows(warehouse, incoming, marts)


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


def swap_in(warehouse: Warehouse, masks: Masks, record: Sequence[object]) -> int:
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
        reported = record_publication(warehouse, PUBLISHED_SCHEMA, record)
    _drop_outgoing(warehouse)
    return reported


def swap_in_aside(warehouse: Warehouse, published: str) -> None:
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


def empty_schema(warehouse: Warehouse, marts: Collection[str] | None) -> None:
    """Put an empty table in the place of each mart that loses its rows.

    A table that is merely truncated keeps its statistics, even when it is analysed: readers would
    go on finding the most common values in pg_stats.
    """
    with warehouse.transaction():
        found = warehouse.execute(
            "select table_name::text from information_schema.tables where table_schema = $1",
            (PUBLISHED_SCHEMA,),
        )
        for (mart,) in found:
            if loses_rows(mart, marts):
                _replace_by_empty(warehouse, mart)
        for (schema,) in warehouse.execute(
            "select nspname::text from pg_namespace where starts_with(nspname, $1)",
            (f"{PUBLISHED_SCHEMA}_",),
        ):
            warehouse.execute(f"drop schema {quoted(schema)} cascade")


def _replace_by_empty(warehouse: Warehouse, mart: str) -> None:
    """Make a published table anew; its columns, comments and rights stay, as do the views on it."""
    # Longer names than these are of no mart.
    old, new = f"{mart[:50]}__purged", qualified(PUBLISHED_SCHEMA, mart)
    was = qualified(PUBLISHED_SCHEMA, old)
    warehouse.execute(f"alter table {new} rename to {quoted(old)}")
    warehouse.execute(f"create table {new} (like {was} including all)")
    [(comment,)] = warehouse.execute("select obj_description(to_regclass($1), 'pg_class')", (was,))
    if comment is not None:
        warehouse.execute(f"comment on table {new} is {text_literal(comment)}")
    for right, reader in warehouse.execute(
        "select distinct grants.privilege_type, coalesce(quote_ident(role.rolname), 'public')"
        " from pg_class cross join lateral aclexplode(relacl) as grants"
        " left join pg_roles as role on role.oid = grants.grantee"
        " where pg_class.oid = to_regclass($1) and grants.grantee <> relowner",
        (was,),
    ):
        warehouse.execute(f"grant {right} on {new} to {reader}")
    for view, options, definition in warehouse.execute(
        "select distinct format('%I.%I', nspname, relname), array_to_string(reloptions, ', '),"
        " pg_get_viewdef(pg_class.oid) from pg_depend"
        " inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid"
        " inner join pg_class on pg_class.oid = ev_class"
        " inner join pg_namespace on pg_namespace.oid = relnamespace"
        " where pg_depend.classid = 'pg_rewrite'::regclass and refobjid = to_regclass($1)"
        " and relkind = 'v'",
        (was,),
    ):
        # Rights and comments of a view that is replaced stay.
        shown = f"{PUBLISHED_SCHEMA}.{old}"
        warehouse.execute(
            f"create or replace view {view}{f' with ({options})' if options else ''} as"
            f" {str(definition).replace(shown, new)}"
        )
    # What else was made of it, as a materialised view, holds its rows and goes with them.
    warehouse.execute(f"drop table {was} cascade")
