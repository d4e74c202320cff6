"""Forms of a database's address: each means the same to loader, dbt, Airflow and Superset."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import conninfo
from sqlalchemy.engine import make_url

from finhouse.dbt.process import dbt_environment
from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.settings import Settings
from finhouse.warehouse import open_warehouse
from finhouse.warehouse.postgres_address import postgres_address
from finhouse.warehouse.postgres_connection import describe_server

PLAIN = {"host": "db.example", "port": 5432, "user": "writer", "password": "pw", "database": "dwh"}
# What is written -> how it differs from PLAIN, and its parameters.
FORMS = {
    "postgresql://writer:pw@db.example:5432/dwh": ({}, {}),
    "postgres://writer:pw@db.example/dwh": ({}, {}),
    "host=db.example user=writer password=pw dbname=dwh": ({}, {}),
    "postgresql://writer:pw@[::1]:6432/dwh": ({"host": "::1", "port": 6432}, {}),
    "postgresql://writer:pw@[fe80::1%25eth0]/dwh": ({"host": "fe80::1%eth0"}, {}),
    "postgresql://writer:pw@%3A%3A1:6432/dwh": ({"host": "::1", "port": 6432}, {}),
    "postgresql://us%40er:p%2Fw%3A%25@db.example/d%20w%2Fh": (
        {"user": "us@er", "password": "p/w:%", "database": "d w/h"},
        {},
    ),
    "postgresql://db.example/dwh": ({"user": "", "password": ""}, {}),
    "postgresql://writer:pw@db.example/dwh?sslmode=require&sslrootcert=%2Fetc%2Fca.pem": (
        {},
        {"sslmode": "require", "sslrootcert": "/etc/ca.pem"},
    ),
    "postgresql://writer:pw@/dwh?host=/var/run/postgresql&port=6432": (
        {"host": "/var/run/postgresql", "port": 6432},
        {},
    ),
    "postgresql://writer:pw@%2Fvar%2Frun%2Fpostgresql/dwh": ({"host": "/var/run/postgresql"}, {}),
}
MALFORMED = {
    "postgresql://writer:secret@[::1/dwh": "malformed",
    "postgresql://writer:secret@::1:5432/dwh": "no host or no database|names the port",
    "postgresql://writer:secret@db.example": "no host or no database",
    "postgresql://writer:secret@/dwh": "no host or no database",
    "postgresql://writer:secret@db.example:port/dwh": "names the port 'port'",
    "postgresql://writer:secret@db.example:99999/dwh": "names the port '99999'",
    "postgresql://writer:secret@one,two/dwh": "several hosts",
    "postgresql://writer:secret@db.example/dwh?cursor=dict": 'query parameter: "cursor"',
    "postgresql://writer:secret@db.example/dwh?keepalives_idle=7": "'keepalives_idle'.*dbt",
    "mysql://writer:secret@db.example/dwh": "malformed",
    "nonsense": "malformed",
}


@pytest.fixture(autouse=True)
def in_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of TLS is tried in test_tls.py."""
    monkeypatch.setenv("FINHOUSE_PLAIN_HOSTS", "db.example,fe80::1%eth0")


def settings(folder: Path, url: str) -> Settings:
    return Settings(folder, folder, "postgres", warehouse_url=url)


@pytest.mark.parametrize("url", FORMS)
def test_dbt_gets_what_libpq_understands(url: str, tmp_path: Path):
    differences, parameters = FORMS[url]
    meant = PLAIN | differences
    variables = dbt_environment(settings(tmp_path, url))
    assert {
        "host": variables["FINHOUSE_PG_HOST"],
        "port": int(variables["FINHOUSE_PG_PORT"]),
        "user": variables["FINHOUSE_PG_USER"],
        "password": variables["DBT_ENV_SECRET_FINHOUSE_PG_PASSWORD"],
        "database": variables["FINHOUSE_PG_DATABASE"],
    } == meant
    for name, value in parameters.items():
        assert variables[f"PG{name.upper()}"] == value


@pytest.mark.parametrize("url", FORMS)
def test_superset_gets_the_same_database_for_its_reader(url: str):
    differences, parameters = FORMS[url]
    meant = PLAIN | differences
    address = make_url(postgres_address(url).sqlalchemy("the reader", "p@ss/w"))
    query = dict(address.query)
    assert (address.username, address.password) == ("the reader", "p@ss/w")
    assert (address.host or query.pop("host")) == meant["host"]
    assert int(address.port or query.pop("port")) == meant["port"]
    assert address.database == meant["database"]
    assert query == parameters


@pytest.mark.parametrize("url", [url for url in FORMS if "://" in url])
def test_a_connection_of_airflow_means_the_same(url: str, monkeypatch: pytest.MonkeyPatch):
    # Here, as every test process collects this file, and Airflow takes seconds to import.
    from airflow.sdk import Connection

    monkeypatch.setenv("AIRFLOW_CONN_UNDER_TEST", url)
    converted = Connection.get("under_test").get_uri()
    assert conninfo.conninfo_to_dict(converted) == conninfo.conninfo_to_dict(url)
    assert postgres_address(converted) == postgres_address(url)


@pytest.mark.parametrize("url", MALFORMED)
def test_what_cannot_be_used_is_refused_without_its_password(url: str, tmp_path: Path):
    with pytest.raises(ConfigurationError, match=MALFORMED[url]) as refused:
        dbt_environment(settings(tmp_path, url))
    assert "secret" not in str(refused.value)
    assert refused.value.remedy


@pytest.mark.parametrize("url", ["postgresql://writer:secret@[::1/dwh", "nonsense"])
def test_the_loader_refuses_it_alike(url: str, tmp_path: Path):
    with pytest.raises(WarehouseError, match="malformed") as refused:
        open_warehouse(settings(tmp_path, url))
    assert "secret" not in str(refused.value)


def test_a_server_is_named_as_it_is_written():
    assert describe_server("postgresql://u:pw@[::1]:6432/dwh") == "u@[::1]:6432/dwh"
    assert describe_server("postgresql://u:pw@db/dwh") == "u@db:5432/dwh"
