"""Views of what is published for each clearance, on Postgres, and who may read them."""

from __future__ import annotations

from collections.abc import Mapping

from finhouse.errors import PublishError
from finhouse.publish.names import MASKED_SCHEMA, PUBLISHED_SCHEMA
from finhouse.warehouse import Warehouse, quoted, text_literal


def create_views(
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


def let_read_views(warehouse: Warehouse, role: str, clearance: str, views: str) -> None:
    """Grant a role the views of its clearance, and take from it what publications gave it before.

    Args:
        views: the schema that they are in.

    Raises:
        PublishError: the role is not there, or may read what is below its views.
    """
    if not warehouse.execute("select 1 from pg_roles where rolname = $1", (role,)):
        raise PublishError(
            f"role {role}, which has a clearance, is not in the Postgres warehouse",
            "create it (roles/postgres_warehouse.sql shows how), or take it out of the file of "
            "clearances",
        )
    # Those of its clearance stay: the previous ones are read until the new ones are in place.
    others = [
        schema
        for schema in _schemas(warehouse)
        if not (
            schema.startswith((f"{PUBLISHED_SCHEMA}__", MASKED_SCHEMA))
            and schema.endswith(f"_{clearance}")
        )
    ]
    for schema in others:
        if schema.startswith((PUBLISHED_SCHEMA, MASKED_SCHEMA)):
            warehouse.execute(f"revoke usage on schema {quoted(schema)} from {quoted(role)}")
    # A role that does not inherit may still take the place of one whose member it is.
    readable = warehouse.execute(
        "select distinct schema_name from unnest($2::text[]) as schema_name"
        " cross join pg_roles where pg_has_role($1::name, oid, 'member')"
        " and has_schema_privilege(oid, schema_name, 'usage') order by 1",
        (role, others),
    )
    if readable:
        raise PublishError(
            f"role {role} has a clearance and may read schema {readable[0][0]} as a whole",
            "it is a superuser, or a member of a role that may, or everybody may: revoke that, "
            "or take it out of the file of clearances",
        )
    warehouse.execute(f"grant usage on schema {views} to {quoted(role)}")
    warehouse.execute(f"grant select on all tables in schema {views} to {quoted(role)}")


def _schemas(warehouse: Warehouse) -> list[str]:
    """Every schema that finhouse has made: of sources, layers, snapshots and publications."""
    return [
        schema
        for (schema,) in warehouse.execute(
            "select nspname::text from pg_namespace where pg_has_role(nspowner, 'member')"
            " and nspname not in ('public', 'information_schema')"
            " and not starts_with(nspname::text, 'pg_') order by 1"
        )
    ]
