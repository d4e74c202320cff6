"""The role that `finhouse sources grants` makes loads a whole source, and can do nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import conninfo

from finhouse.demo.tables import SCHEMAS
from finhouse.errors import ConfigurationError
from finhouse.extract_load import load_source
from finhouse.extract_load.grants import reader_grants
from finhouse.settings import Settings
from finhouse.sources import PostgresDefinition, read_source
from finhouse.warehouse import Warehouse
from tests.support.warehouse import ThrowAwayServer

ROLE, PASSWORD = "reader under test", "p%/w"
USERS = (
    "insert into wallet.users (phone_number_hash, blood_hash, device_public_key, signup_source)"
    " select 'p' || i, 'b' || i, 'k' || i, 'organic' from generate_series(1, 50) as i"
)
CUSTOMERS = (
    "insert into bnpl.customers (full_name, fayda_id, phone, email)"
    " select 'n' || i, 'f' || i, 'p' || i, 'e' || i from generate_series(1, 50) as i"
)
FILLED = {"wallet": ("users", USERS), "bnpl": ("customers", CUSTOMERS)}


@dataclass(frozen=True)
class Granted:
    """A database with the schema of one domain, and its reader's own address."""

    definition: PostgresDefinition
    owner: str
    reader: str
    statements: str


@pytest.fixture(params=FILLED)
def granted(
    request: pytest.FixtureRequest,
    settings: Settings,
    oltp_url: str,
    oltp_server: ThrowAwayServer,
) -> Iterator[Granted]:
    domain = request.param
    definition = read_source(domain)
    assert isinstance(definition, PostgresDefinition)
    with psycopg.connect(oltp_url, autocommit=True) as owner:
        owner.execute((SCHEMAS / f"{domain}.sql").read_text())
        owner.execute(f"create table {domain}.undeclared (secret text)")
        owner.execute(FILLED[domain][1])
        statements = "\n".join(reader_grants(settings, domain, ROLE, oltp_url))
        # As often as one likes.
        for _ in range(2):
            owner.execute(statements)
        owner.execute(f"alter role \"{ROLE}\" password '{PASSWORD}'")
    parts = conninfo.conninfo_to_dict(oltp_url) | {"user": ROLE, "password": PASSWORD}
    yield Granted(definition, oltp_url, conninfo.make_conninfo(**parts), statements)
    with psycopg.connect(oltp_url, autocommit=True) as owner:
        owner.execute(f'drop owned by "{ROLE}"')
        owner.execute(f'drop role "{ROLE}"')


def refused(address: str, statement: str) -> bool:
    with psycopg.connect(address, autocommit=True) as connection:
        # Not by the setting that the role begins with, which it may change.
        connection.execute("set default_transaction_read_only = off")
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


def test_it_loads_every_table_of_the_source(
    granted: Granted, settings: Settings, warehouse: Warehouse
):
    def load() -> dict[str, int]:
        loaded = load_source(
            settings, granted.definition.name, oltp_url=granted.reader, warehouse=warehouse
        )
        return {result.table_name: result.counts.inserted for result in loaded}

    table = FILLED[granted.definition.name][0]
    first = load()
    assert set(first) == set(granted.definition.table_names) and first[table] == 50
    with psycopg.connect(granted.owner, autocommit=True) as owner:
        owner.execute(f"delete from {granted.definition.name}.{table}")
    load()
    assert warehouse.count(f"raw_{granted.definition.name}.{table}") == 0


def test_it_reads_no_column_that_is_omitted_and_no_other_table(granted: Granted):
    name = granted.definition.database_schema
    omitted = [
        (table, column) for table in granted.definition.tables for column in sorted(table.omitted)
    ]
    assert omitted
    for table, column in omitted:
        assert refused(granted.reader, f"select {column} from {name}.{table.name_in_source}")
    [table] = [one for one in granted.definition.tables if one.name == FILLED[name][0]]
    assert refused(granted.reader, f"select * from {name}.{table.name}")
    assert refused(granted.reader, f"copy {name}.{table.name} to stdout")
    assert refused(granted.reader, f"select * from {name}.undeclared")


def test_it_writes_nothing(granted: Granted):
    name, (table, _) = granted.definition.database_schema, FILLED[granted.definition.name]
    for statement in (
        f"delete from {name}.{table}",
        f"update {name}.{table} set updated_at = now()",
        f"insert into {name}.{table} (id) values (gen_random_uuid())",
        f"truncate {name}.{table}",
        f"create table {name}.own (id int)",
        "create schema own",
        "create role another",
    ):
        assert refused(granted.reader, statement), statement


def test_a_right_that_was_given_before_is_taken_back(granted: Granted):
    name, (table, _) = granted.definition.database_schema, FILLED[granted.definition.name]
    with psycopg.connect(granted.owner, autocommit=True) as owner:
        owner.execute(f'grant select on {name}.{table} to "{ROLE}"')
        assert not refused(granted.reader, f"select * from {name}.{table}")
        owner.execute(granted.statements)
    assert refused(granted.reader, f"select * from {name}.{table}")


def test_replication_is_granted_where_a_table_is_captured_alone(granted: Granted):
    assert "replication;" not in granted.statements


def test_a_folder_of_files_has_no_reader(settings: Settings):
    with pytest.raises(ConfigurationError, match="folder of files"):
        list(reader_grants(settings, "merchant_activity", ROLE))
