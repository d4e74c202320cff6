"""Which columns of a mart a role does not see: one declaration for all engines.

``roles/clearances.yml`` names roles with the highest data class that each sees, and marts declare
the class of each column (``finhouse.dbt.data_classes``). What is above a clearance is null, or
generalised where the column says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from finhouse.dbt.data_classes import (
    CLASSES,
    CONFIDENTIAL,
    INTERNAL,
    data_class,
    generalisation,
)
from finhouse.errors import ConfigurationError
from finhouse.yaml_text import parse_yaml

# Who sees less than `internal` has no role in the warehouse; who sees `personal` sees everything.
CLEARANCES = (INTERNAL, CONFIDENTIAL)
# As each engine keeps a name that is written without quotes, and no longer than PostgreSQL's.
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
# Who loads, builds, administers and reads everything: a clearance would take its rights away.
_OWN_ROLES = frozenset(
    f"finhouse_{name}" for name in ("admin", "builder", "loader", "pulse", "reader", "transformer")
)
# Roles that engines bring along, and words that an engine does not take for the name of a role.
_SYSTEM_ROLES = frozenset(
    """
    public none postgres accountadmin sysadmin securityadmin useradmin orgadmin
    globalorgadmin all analyse analyze and any array as asc asymmetric authorization between
    binary both by case cast check collate collation column concurrently connect connection
    constraint create cross current current_catalog current_date current_role current_schema
    current_time current_timestamp current_user database default deferrable delete desc
    distinct do drop else end except exists false fetch following for foreign freeze from
    full grant group gscluster having ilike in increment initially inner insert intersect
    into is isnull issue join lateral leading left like limit localtime localtimestamp minus
    natural not notnull null of offset on only or order organization outer overlaps placing
    primary qualify references regexp returning revoke right rlike row rows sample schema
    select session_user set similar some start symmetric system_user table tablesample then
    to trailing trigger true try_cast union unique update user using values variadic verbose
    view when whenever where window with
    """.split()  # noqa: SIM905 - a list of them would be 140 lines
)


@dataclass(frozen=True)
class ShownColumn:
    """A column of a mart as one clearance sees it.

    Attributes:
        data_type: as the mart's contract has it.
        hidden_class: its data class, where that is above the clearance; else None.
        generalised_to: ``month`` or ``year`` where a hidden date is shown as the first day of it.
    """

    name: str
    data_type: str
    hidden_class: str | None
    generalised_to: str | None

    @property
    def sql(self) -> str:
        """The column as a select list has it, on DuckDB and Postgres."""
        name = f'"{self.name}"'
        if self.hidden_class is None:
            return name
        if self.generalised_to is None:
            return f"cast(null as {self._type}) as {name}"
        return f"cast(date_trunc('{self.generalised_to}', {name}) as {self._type}) as {name}"

    @property
    def _type(self) -> str:
        """The contract's type as both engines have it."""
        return "text" if self.data_type == "string" else self.data_type


@dataclass(frozen=True)
class Masks:
    """What is published beside the marts, without what is above a clearance.

    Attributes:
        roles: role -> its clearance.
        selects: clearance of some role -> mart -> what is selected of it.
    """

    roles: Mapping[str, str]
    selects: Mapping[str, Mapping[str, str]]


NO_MASKS = Masks({}, {})


def declared_masks(path: Path, marts: Mapping[str, Mapping[str, Any]]) -> Masks:
    """What roles see of the marts.

    Args:
        path: the file with their clearances.
        marts: nodes of dbt's manifest by name.

    Raises:
        ConfigurationError: as ``read_clearances``.
    """
    roles = read_clearances(path)
    return Masks(
        roles,
        {
            clearance: {
                name: ", ".join(column.sql for column in shown_columns(mart, clearance))
                for name, mart in marts.items()
            }
            for clearance in CLEARANCES
            if clearance in roles.values()
        },
    )


def shown_columns(mart: Mapping[str, Any], clearance: str) -> Iterator[ShownColumn]:
    """The columns that a mart declares, as a clearance sees them.

    Args:
        mart: its node in dbt's manifest.
        clearance: one of ``CLEARANCES``.
    """
    seen = CLASSES[: CLASSES.index(clearance) + 1]
    for name, column in mart["columns"].items():
        own = data_class(mart, name)
        is_hidden = own not in seen
        yield ShownColumn(
            name,
            str(column.get("data_type") or ""),
            own if is_hidden else None,
            generalisation(mart, name) if is_hidden else None,
        )


def read_clearances(path: Path) -> dict[str, str]:
    """Roles and the highest data class that each sees.

    Raises:
        ConfigurationError: the file is not there, or says something else.
    """
    example = "write for example\n  clearances:\n    finhouse_analyst: internal"
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}", "correct FINHOUSE_CLEARANCES"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no YAML: {error}", example) from error
    declared = content.get("clearances") if isinstance(content, dict) else None
    if not isinstance(declared, dict) or set(content) != {"clearances"}:
        raise ConfigurationError(f"{path} has not the one key clearances with roles", example)
    for role, clearance in declared.items():
        if not isinstance(role, str) or not _ROLE.fullmatch(role):
            raise ConfigurationError(
                f"{path}: {role!r} is no name of a role",
                "use small letters, digits and underscores",
            )
        if role in _OWN_ROLES:
            raise ConfigurationError(
                f"{path}: {role} is a role of the project itself, which has no clearance",
                "take it out, and make a role of its own for who may see less",
            )
        # pg_ is PostgreSQL's own beginning, snowflake that of Snowflake.
        if role in _SYSTEM_ROLES or role.startswith(("pg_", "snowflake")):
            raise ConfigurationError(
                f"{path}: {role} is a role or a word of an engine's own",
                "give the role another name",
            )
        if clearance not in CLEARANCES:
            raise ConfigurationError(
                f"{path}: the clearance of {role} is {clearance!r}",
                f"use {' or '.join(CLEARANCES)}; a role that sees everything is not named here",
            )
    return dict(declared)
