"""Hold statements of administration against what Snowflake documents: ``check_setup.py FOLDERS``.

Neither a parser nor the emulator knows most of them: sqlglot takes any words after GRANT or CREATE
ROLE, and fakesnow hands them to DuckDB, which has no roles. So each statement must have one of the
forms below. Prints one line a finding and ends with 1 if there is any.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlglot.dialects.snowflake import Snowflake
from sqlglot.tokens import TokenType

# Forms of statements, each looked up in Snowflake's reference. A new one belongs here once it has
# been looked up there.
FORMS = """
use role <name>
create role if not exists <name>
grant role <name> to role <name>
grant role <name> to user <name>
create database if not exists <name>
grant <of a database> on database <name> to role <name>
create schema if not exists <name> with managed access
grant <of a schema> on schema <name> to role <name>
grant select on all tables in schema <name> to role <name>
grant select on future tables in schema <name> to role <name>
grant select on all views in schema <name> to role <name>
grant select on future views in schema <name> to role <name>
create warehouse if not exists <name> warehouse_size = xsmall initially_suspended = true
alter warehouse <name> set auto_suspend = <number>
alter warehouse <name> set auto_resume = true
alter warehouse <name> set statement_timeout_in_seconds = <number>
alter warehouse <name> set resource_monitor = <name>
grant <of a warehouse> on warehouse <name> to role <name>
create resource monitor if not exists <name> with credit_quota = <number> frequency = monthly \
start_timestamp = immediately triggers <triggers>
create user if not exists <name> type = service default_role = <name> default_warehouse = <name>
alter user <name> set timezone = <text>
alter user <name> set timestamp_type_mapping = <text>
alter user <name> set network_policy = <name>
create network policy if not exists <name> allowed_ip_list = (<texts>)
alter network policy <name> set allowed_ip_list = (<texts>)
create masking policy if not exists <name> as (val <type>) returns <type> -> <body>
alter masking policy <name> set body -> <body>
create or replace secure view <name> (<columns>) copy grants as select <names> from <name>
""".replace("\\\n", "")
_NAME = r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*"
_COLUMN = rf"{_NAME}( with masking policy {_NAME})?"
_IN_SESSION = r"is_role_in_session\('[A-Z_][A-Z0-9_]*'\)"
_PARTS = {
    "name": _NAME,
    "number": r"\d+",
    "text": r"'[^'\\]*'",
    "texts": r"'[^'\\]*'(, '[^'\\]*')*",
    "type": r"(boolean|date|timestamp_ntz|varchar|number\(\d+, \d+\))",
    "body": rf"case when {_IN_SESSION}( or {_IN_SESSION})* then val"
    r" else (null|cast\(date_trunc\('(month|year)', val\) as (date|timestamp_ntz)\)) end",
    "columns": rf"{_COLUMN}(, {_COLUMN})*",
    "names": rf"{_NAME}(, {_NAME})*",
    "triggers": r"on \d+ percent do (notify|suspend|suspend_immediate)"
    r"( on \d+ percent do (notify|suspend|suspend_immediate))*",
} | {
    kind: f"({privileges})(, ({privileges}))*"
    for kind, privileges in {
        "of a database": "usage|create schema",
        "of a schema": "usage|create table|create view|create stage|create masking policy",
        "of a warehouse": "usage|operate|monitor",
    }.items()
}


def _form(line: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"<([a-z ]+)>", lambda part: _PARTS[part[1]], _escaped(line)))


def _escaped(line: str) -> str:
    return line.replace("(", r"\(").replace(")", r"\)")


_FORMS = [_form(line) for line in FORMS.strip().splitlines()]


def statements(sql: str) -> Iterator[str]:
    """The statements of a file, each on one line and without comments."""
    words: list[str] = []
    end = 0
    for token in Snowflake.Tokenizer().tokenize(sql):
        if token.token_type is TokenType.SEMICOLON:
            yield "".join(words)
            words = []
        else:
            is_apart = words and token.start > end + 1
            words.append(" " * bool(is_apart) + sql[token.start : token.end + 1])
        end = token.end
    if words:
        yield "".join(words)


def findings(sql: str) -> Iterator[str]:
    """What has not been looked up in Snowflake's reference, in one sentence each."""
    for statement in statements(sql):
        if not any(form.fullmatch(statement) for form in _FORMS):
            yield f"no form that has been looked up in Snowflake's reference: {statement[:90]}"


def main(*folders: Path) -> int:
    files = sorted(file for folder in folders for file in folder.glob("snowflake*.sql"))
    found = [f"{file.name}: {finding}" for file in files for finding in findings(file.read_text())]
    number = sum(1 for file in files for _ in statements(file.read_text()))
    print("\n".join(found) or f"{number:,} statements of administration are of known forms")
    return 1 if found or not number else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
