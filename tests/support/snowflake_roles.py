"""What the files of roles/ for Snowflake say, read as statements."""

from __future__ import annotations

import re
from pathlib import Path

from finhouse.settings import PROJECT_ROOT

FILES = ("snowflake_account.sql", "snowflake_database.sql")
_GRANT = re.compile(
    r"grant (?P<privileges>.+?)"
    r" on (?P<all>(all |future )?)(?P<kind>database|warehouse|schema|tables|views)"
    r"( in schema)? (?P<name>\S+) to role (?P<role>\S+)"
)


def statements(path: Path) -> list[str]:
    """The statements of a file, without comments."""
    text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    return [" ".join(part.split()) for part in text.split(";") if part.strip()]


def all_statements() -> list[str]:
    return [line for file in FILES for line in statements(PROJECT_ROOT / "roles" / file)]


def grants() -> set[tuple[str, str, str]]:
    """Role, privilege and what it is on, such as ``future tables in finhouse.raw_wallet``."""
    found = set()
    for statement in all_statements():
        if statement.startswith("grant ") and not statement.startswith("grant role "):
            grant = _GRANT.fullmatch(statement)
            assert grant, statement
            on = f"{grant['all']}{grant['kind']} {grant['name']}"
            found |= {
                (grant["role"], privilege, on) for privilege in grant["privileges"].split(", ")
            }
    return found
