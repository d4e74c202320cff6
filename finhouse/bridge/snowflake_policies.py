"""Views of the marts in Snowflake that show a role what its clearance allows, as SQL for a DBA.

One secure view a mart, in schema ``published``, with a masking policy on each column of a class
that a clearance hides: one policy for each class, type and generalisation. Policies ask for the
roles of the session, so that roles of all clearances read the same views.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finhouse.clearances import CLEARANCES, ShownColumn, shown_columns
from finhouse.dbt.data_classes import CLASSES

# Of roles/snowflake_account.sql: who owns the views, who reads them as they are, and with what.
ADMIN, READER, READING = "finhouse_admin", "finhouse_reader", "finhouse_reading"
# As Snowflake keeps the types of contracts: a policy has the type of the column that it is put on.
_TYPES = {
    "string": "varchar",
    "bigint": "number(38, 0)",
    "integer": "number(38, 0)",
    "timestamp": "timestamp_ntz",
}


def policy_statements(
    clearances: Mapping[str, str], marts: Mapping[str, Mapping[str, Any]], database: str
) -> Iterator[str]:
    """The statements, without semicolons; they may be run again.

    Policies come before the views, so that at no moment a view is without one.

    Args:
        clearances: role -> its clearance.
        marts: nodes of dbt's manifest by name.
        database: the one that they are in.
    """
    lowest = CLEARANCES[0]
    # As roles/snowflake_database.sql names it.
    published = f"{database}.published"
    shown = {name: list(shown_columns(mart, lowest)) for name, mart in marts.items()}
    if clearances:
        yield from _roles(clearances, database)
    yield f"use role {ADMIN}"
    hidden = {
        _policy(column, published): column
        for columns in shown.values()
        for column in columns
        if column.hidden_class
    }
    for name, column in sorted(hidden.items()):
        kind, body = _type(column), _body(column, clearances)
        yield f"create masking policy if not exists {name} as (val {kind}) returns {kind} -> {body}"
        # The line above leaves one that is there as it is.
        yield f"alter masking policy {name} set body -> {body}"
    for mart, columns in sorted(shown.items()):
        listed = ", ".join(
            f"{column.name} with masking policy {_policy(column, published)}"
            if column.hidden_class
            else column.name
            for column in columns
        )
        names = ", ".join(column.name for column in columns)
        yield (
            f"create or replace secure view {published}.{mart} ({listed}) copy grants"
            f" as select {names} from {database}.marts.{mart}"
        )
    for role in (READER, *clearances):
        yield f"grant usage on schema {published} to role {role}"
        yield f"grant select on all views in schema {published} to role {role}"


def _roles(clearances: Mapping[str, str], database: str) -> Iterator[str]:
    yield "use role useradmin"
    for role in clearances:
        yield f"create role if not exists {role}"
    yield "use role sysadmin"
    for role in clearances:
        yield f"grant usage on database {database} to role {role}"
        yield f"grant usage on warehouse {READING} to role {role}"


def _policy(column: ShownColumn, published: str) -> str:
    """``finhouse.published.mask_personal_number_20_2``, ``..._date_month``."""
    kind = "".join(letter if letter.isalnum() else " " for letter in _type(column))
    parts = ("mask", column.hidden_class or "", *kind.split(), column.generalised_to or "")
    return f"{published}.{'_'.join(filter(None, parts))}"


def _type(column: ShownColumn) -> str:
    """The type of a mart's column in Snowflake, with precision and scale."""
    kind = column.data_type
    return _TYPES.get(kind, kind.replace("numeric(", "number("))


def _body(column: ShownColumn, clearances: Mapping[str, str]) -> str:
    """The value for who may see it, else null or the first day of its month or year.

    A role that was granted the right to see more has it in its session, whatever its name is.
    """
    needed = CLASSES.index(str(column.hidden_class))
    seeing = [role for role, clearance in clearances.items() if CLASSES.index(clearance) >= needed]
    may = " or ".join(f"is_role_in_session('{role.upper()}')" for role in (READER, *seeing))
    masked = "null"
    if to := column.generalised_to:
        masked = f"cast(date_trunc('{to}', val) as {_type(column)})"
    return f"case when {may} then val else {masked} end"
