"""Which addresses of PostgreSQL are refused because their connection could be in plain."""

from __future__ import annotations

from pathlib import Path

import pytest

from finhouse.errors import ConfigurationError
from finhouse.hosts import is_here
from finhouse.warehouse.tls import effective, hosts, require_tls

SERVICES = """
[near]
host=/var/run/postgresql
[far]
host=db.example
# sslmode=require
[sealed]
host=db.example
sslmode=verify-full
"""
URL = "postgresql://u:secret@"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment: a file of services, and nothing else."""
    (tmp_path / ".pg_service.conf").write_text(SERVICES)
    return {"HOME": str(tmp_path)}


ALLOWED = [
    f"{URL}localhost/d",
    f"{URL}LocalHost:5433/d",
    f"{URL}127.0.0.1:5432/d",
    f"{URL}127.9.9.9/d",
    f"{URL}[::1]:5432/d",
    f"{URL}[::ffff:127.0.0.1]/d",
    f"{URL}/d?host=/var/run/postgresql",
    f"{URL}%2Fvar%2Frun%2Fpostgresql/d",
    f"{URL}/d",
    "dbname=d",
    "host=@abstract dbname=d",
    "host=localhost,127.0.0.1,::1 port=1,2,3 dbname=d",
    "host=db.example hostaddr=127.0.0.1 dbname=d",
    f"{URL}db.example/d?sslmode=require",
    f"{URL}db.example/d?sslmode=verify-ca",
    f"{URL}db.example/d?sslmode=verify-full&sslrootcert=system",
    f"{URL}10.0.0.5,10.0.0.6:5433/d?sslmode=require",
    f"{URL}db.example/d?gssencmode=require",
    "host=db.example sslmode=verify-full dbname=d",
    "service=near",
    "service=sealed",
    "service=far sslmode=require",
    "service=far host=localhost",
    "postgresql+psycopg2://u:secret@db.example/d?sslmode=require",
    "this is = no address =",
]
REFUSED = [
    (f"{URL}db.example/d", "db.example"),
    (f"{URL}db.example/d?sslmode=prefer", "sslmode=prefer"),
    (f"{URL}db.example/d?sslmode=allow", "sslmode=allow"),
    (f"{URL}db.example/d?sslmode=disable", "sslmode=disable"),
    (f"{URL}10.0.0.5/d", "10.0.0.5"),
    (f"{URL}0.0.0.0/d", "0.0.0.0"),
    (f"{URL}[fe80::1]/d", "fe80::1"),
    (f"{URL}[2001:db8::1]:5432/d", "2001:db8::1"),
    (f"{URL}[::ffff:10.0.0.5]/d", "::ffff:10.0.0.5"),
    (f"{URL}localhost.example/d", "localhost.example"),
    (f"{URL}127.0.0.1.example/d", "127.0.0.1.example"),
    (f"{URL}localhost,db.example/d", "db.example"),
    ("host=localhost hostaddr=10.0.0.5 dbname=d", "10.0.0.5"),
    ("host=/var/run/postgresql,db.example dbname=d", "db.example"),
    ("hostaddr=127.0.0.1,10.0.0.5 dbname=d", "10.0.0.5"),
    (f"{URL}/d?host=db.example", "db.example"),
    ("service=far", "db.example"),
    ("service=near host=db.example", "db.example"),
    ("service=sealed sslmode=prefer", "sslmode=prefer"),
    ("postgresql+psycopg2://u:secret@db.example/d", "db.example"),
]


@pytest.mark.parametrize("address", ALLOWED)
def test_what_stays_here_or_is_encrypted_is_allowed(address: str, env: dict[str, str]):
    require_tls(address, "OLTP_URL", env)


@pytest.mark.parametrize(("address", "named"), REFUSED)
def test_what_could_leave_in_plain_is_refused_by_name(
    address: str, named: str, env: dict[str, str]
):
    with pytest.raises(ConfigurationError) as refused:
        require_tls(address, "OLTP_URL", env)
    said = str(refused.value)
    assert named in said and "OLTP_URL" in said and "sslmode=verify-full" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("address", "variables", "is_refused"),
    [
        ("dbname=d", {"PGHOST": "db.example"}, True),
        ("dbname=d", {"PGHOST": "db.example", "PGSSLMODE": "verify-full"}, False),
        ("dbname=d", {"PGHOSTADDR": "10.0.0.5"}, True),
        ("host=localhost dbname=d", {"PGHOST": "db.example"}, False),
        (f"{URL}db.example/d", {"PGSSLMODE": "require"}, False),
        (f"{URL}db.example/d?sslmode=disable", {"PGSSLMODE": "require"}, True),
        ("dbname=d", {"PGSERVICE": "far"}, True),
        ("dbname=d", {"PGSERVICE": "far", "PGSSLMODE": "require"}, False),
        ("dbname=d", {"PGSERVICE": "sealed", "PGSSLMODE": "disable"}, False),
        ("dbname=d", {"PGSERVICE": "near", "PGHOST": "db.example"}, False),
        (f"{URL}db.example/d", {"FINHOUSE_PLAIN_HOSTS": "other, db.example"}, False),
        (f"{URL}db.example,far.example/d", {"FINHOUSE_PLAIN_HOSTS": "db.example"}, True),
        (f"{URL}db.example/d?sslmode=require", {"FINHOUSE_TLS": "verified"}, True),
        (f"{URL}db.example/d?sslmode=verify-ca", {"FINHOUSE_TLS": "verified"}, True),
        (f"{URL}db.example/d?sslmode=verify-full", {"FINHOUSE_TLS": "verified"}, False),
        (f"{URL}localhost/d", {"FINHOUSE_TLS": "verified"}, False),
        (f"{URL}localhost/d", {"FINHOUSE_TLS": "off"}, True),
    ],
)
def test_variables_count_as_libpq_counts_them(
    address: str, variables: dict[str, str], is_refused: bool, env: dict[str, str]
):
    if is_refused:
        with pytest.raises(ConfigurationError):
            require_tls(address, "WAREHOUSE_URL", env | variables)
    else:
        require_tls(address, "WAREHOUSE_URL", env | variables)


def test_services_are_found_where_libpq_finds_them(tmp_path: Path):
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "pg_service.conf").write_text("[s]\nhost=of.the.system\n")
    own = tmp_path / "own.conf"
    own.write_text("[s]\nhost=of.the.user\nsslmode=require\n")
    everywhere = {"HOME": str(tmp_path), "PGSYSCONFDIR": str(folder)}
    assert hosts(effective("service=s", everywhere)) == ["of.the.system"]
    assert hosts(effective("service=s", everywhere | {"PGSERVICEFILE": str(own)})) == [
        "of.the.user"
    ]
    assert effective("service=s", everywhere | {"PGSERVICEFILE": str(own)})["sslmode"] == "require"
    assert hosts(effective("service=unknown", everywhere)) == [""]


def test_here_is_told_by_the_name_alone():
    assert is_here("") and is_here("::1") and is_here("127.0.0.1")
    assert not is_here("localhost.localdomain") and not is_here("example")
