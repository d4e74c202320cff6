"""A whole load and build by roles that may do what they need: the files of roles/, applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import psycopg
import pytest
from psycopg import conninfo

from finhouse.settings import PROJECT_ROOT
from tests.support.house import WITHOUT_DATA_TESTS, House

pytestmark = pytest.mark.full

ROLES = (
    *("finhouse_source_reader", "finhouse_builder", "finhouse_reader", "finhouse_analyst"),
    "finhouse_pulse",
)
PASSWORD = "a password of tests"


@dataclass(frozen=True)
class Granted:
    """A small company, and the databases of its house by role.

    Attributes:
        urls: by role.
        environment: as of a user who has set them.
    """

    house: House
    urls: dict[str, str]
    environment: dict[str, str]


@pytest.fixture(scope="module")
def granted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Granted]:
    house = House(tmp_path_factory.mktemp("roles") / "house", "wallet")
    house.succeed("demo", "--scale", "0.02")
    server = house.server
    databases = {
        "finhouse_source_reader": "oltp",
        "finhouse_builder": "dwh",
        "finhouse_reader": "dwh",
        "finhouse_analyst": "dwh",
        "finhouse_pulse": "monitors",
    }
    with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
        for database in ("dwh", "monitors"):
            owner.execute(f"create database {database}")
    for database, statements in (
        ("oltp", house.succeed("sources", "grants", "wallet")),
        ("dwh", (PROJECT_ROOT / "roles/postgres_warehouse.sql").read_text()),
        ("monitors", (PROJECT_ROOT / "roles/postgres_pulse.sql").read_text()),
    ):
        with psycopg.connect(server.url(database), autocommit=True) as owner:
            for _ in range(2):
                owner.execute(statements)
    with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
        for role in ROLES:
            owner.execute(f"alter role {role} password '{PASSWORD}'")
    urls = {
        role: conninfo.make_conninfo(
            **conninfo.conninfo_to_dict(server.url(database)) | {"user": role, "password": PASSWORD}
        )
        for role, database in databases.items()
    }
    clearances = house.home / "clearances.yml"
    clearances.write_text("clearances: {finhouse_analyst: internal}\n")
    environment = WITHOUT_DATA_TESTS | {
        "FINHOUSE_CLEARANCES": str(clearances),
        "OLTP_URL": urls["finhouse_source_reader"],
        "WAREHOUSE_URL": urls["finhouse_builder"],
        "PULSE_URL": urls["finhouse_pulse"],
        "READER_URL": (
            f"postgresql+psycopg2://finhouse_reader:{quote(PASSWORD)}@127.0.0.1:"
            f"{conninfo.conninfo_to_dict(urls['finhouse_reader'])['port']}/dwh"
        ),
    }
    house.succeed("--target", "postgres", "build", env=environment)
    yield Granted(house, urls, environment)
    server.stop()


def refused(url: str, statement: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


def connects(url: str, database: str) -> bool:
    parts = conninfo.conninfo_to_dict(url) | {"dbname": database}
    try:
        psycopg.connect(conninfo.make_conninfo(**parts)).close()
    except psycopg.OperationalError as error:
        assert "permission denied" in str(error)
        return False
    return True


def test_a_second_build_and_a_reader_go_on(granted: Granted):
    """Each publication hands the reader's right on."""
    granted.house.succeed("--target", "postgres", "build", env=granted.environment)
    with psycopg.connect(granted.urls["finhouse_reader"]) as reader:
        [values] = reader.execute("select count(*) from published.kpi_monthly").fetchone()
    assert values > 100


def test_an_analyst_reads_every_mart_and_of_users_no_more_than_when_they_came(granted: Granted):
    with psycopg.connect(granted.urls["finhouse_analyst"]) as analyst:
        marts = analyst.execute(
            "select table_name::text from information_schema.tables"
            " where table_schema = 'masked_internal' order by 1"
        ).fetchall()
        [users] = analyst.execute(
            "select count(*), count(user_id), count(blood_hash), count(completed_amount),"
            " count(signup_date), bool_and(extract(day from signup_date) = 1)"
            " from masked_internal.dim_users"
        ).fetchall()
        [values] = analyst.execute(
            "select count(*), count(kpi_code), count(value) from masked_internal.kpi_monthly"
        ).fetchall()
    with psycopg.connect(granted.urls["finhouse_reader"]) as reader:
        assert (
            marts
            == reader.execute(
                "select table_name::text from information_schema.tables"
                " where table_schema = 'published' order by 1"
            ).fetchall()
        )
    everybody = users[0]
    assert everybody > 100
    assert users == (everybody, 0, 0, 0, everybody, True)
    assert values[0] == values[1] > 100
    assert values[2] == 0


def test_monitors_are_kept_by_their_own_role(granted: Granted):
    granted.house.succeed("--target", "postgres", "pulse", "templates", env=granted.environment)
    with psycopg.connect(granted.urls["finhouse_pulse"]) as pulse:
        [templates] = pulse.execute("select count(*) from pulse.pulse_monitor_templates").fetchone()
    assert templates > 0


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("finhouse_reader", "select * from raw_wallet.users"),
        ("finhouse_reader", "select * from marts.kpi_monthly"),
        ("finhouse_reader", "delete from published.kpi_monthly"),
        ("finhouse_reader", "create table published.own (id int)"),
        ("finhouse_reader", "create schema own"),
        ("finhouse_analyst", "select * from published.dim_users"),
        ("finhouse_analyst", "select * from marts.dim_users"),
        ("finhouse_analyst", "select * from raw_wallet.users"),
        ("finhouse_analyst", "create view masked_internal.own as select 1 as n"),
        ("finhouse_builder", "create role own"),
        ("finhouse_builder", "create database own"),
        ("finhouse_builder", "alter role finhouse_reader superuser"),
        ("finhouse_builder", "create table public.own (id int)"),
        ("finhouse_source_reader", "select phone_number_hash from wallet.users"),
        ("finhouse_source_reader", "delete from wallet.users"),
        ("finhouse_source_reader", "select * from demo.company"),
        ("finhouse_pulse", "create role own"),
        ("finhouse_pulse", "create table public.own (id int)"),
    ],
)
def test_what_a_role_needs_not_it_may_not(granted: Granted, role: str, statement: str):
    assert refused(granted.urls[role], statement)


def test_roles_stay_in_their_databases(granted: Granted):
    assert not connects(granted.urls["finhouse_pulse"], "dwh")
    assert not connects(granted.urls["finhouse_source_reader"], "dwh")
    for role in (
        "finhouse_reader",
        "finhouse_analyst",
        "finhouse_builder",
        "finhouse_source_reader",
    ):
        assert not connects(granted.urls[role], "monitors")
