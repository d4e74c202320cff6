"""What the guard let through runs read-only and within limits, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from finhouse.errors import TransformError, WarehouseError
from finhouse.pulse import reading
from finhouse.pulse.guard import SafeSql, UnsafeSqlError
from finhouse.pulse.reading import QueryFailedError, Reader, open_reader
from finhouse.settings import Settings, load_settings
from tests.support.pulse import SQL, Watched, write_manifest
from tests.support.warehouse import ThrowAwayServer

ENDLESS = (
    "select count(*) as n from figures a, figures b, figures c, figures d, figures e, figures f, "
    "figures g, figures h, figures i, figures j"
)
RECENCY = "select 'wallet' as domain, date '2026-06-30' as as_of_date, '{}' as publication_id"


def on_duckdb(home: Path, url: str) -> Settings:
    watched = Watched(home, url)
    watched.publish(**{f"bank{number}": number for number in range(60)})
    return watched.settings


def on_postgres(home: Path, url: str) -> Settings:
    """The same mart in a published schema."""
    settings = load_settings({"FINHOUSE_HOME": str(home), "WAREHOUSE_URL": url}, target="postgres")
    with psycopg.connect(url) as connection:
        connection.execute("create schema published")
        connection.execute(
            "create table published.figures as select date '2026-06-02' as date_day, "
            "'bank' || n as bank, n::numeric(18, 4) as value, 'x' as secret "
            "from generate_series(0, 59) as n"
        )
        connection.execute(f"create table published.data_recency as {RECENCY.format('p001')}")
        connection.execute("create schema raw_wallet")
        connection.execute("create table raw_wallet.users as select 1 as id")
    write_manifest(settings.dbt_output)
    return settings


@pytest.fixture(params=["duckdb", "postgres"])
def reader(
    request: pytest.FixtureRequest, tmp_path: Path, oltp_server: ThrowAwayServer
) -> Iterator[Reader]:
    url = oltp_server.create_database("monitored")
    made = on_duckdb if request.param == "duckdb" else on_postgres
    with open_reader(made(tmp_path, url)) as opened:
        yield opened


def bypassing(sql: str) -> SafeSql:
    """As if the guard had let it through."""
    return SafeSql(sql, ())


def test_rows_are_of_one_publication(reader: Reader):
    publication, rows = reader.rows(reader.checked(SQL))
    assert publication.id == "p001" and len(rows) == 60
    assert set(rows[0]) == {"date_day", "bank", "value"}
    assert str(publication.as_of_date("wallet")) == "2026-06-30"


def test_personal_columns_are_those_of_the_project(reader: Reader):
    with pytest.raises(UnsafeSqlError, match=r"figures.secret holds personal data"):
        reader.checked("select secret from published.figures")


def test_a_table_that_the_project_does_not_know_cannot_be_named(reader: Reader):
    assert "figures" in reader.tables.columns
    assert set(reader.tables.columns) <= set(reader.tables.personal)


@pytest.mark.parametrize(
    "sql",
    [
        "create table published.stolen as select 1 as a",
        "delete from published.figures",
        "update published.figures set value = 0",
        "drop table published.figures",
        "copy published.figures to '/srv/stolen.csv'",
    ],
)
def test_the_engine_refuses_to_write_beside_the_guard(reader: Reader, sql: str):
    with pytest.raises(QueryFailedError):
        reader.rows(bypassing(sql))
    assert len(reader.rows(reader.checked(SQL))[1]) == 60


def test_the_engine_reaches_nothing_else_beside_the_guard(reader: Reader):
    hostile = {
        "duckdb": ("select * from read_csv('/etc/passwd')", "set enable_external_access = true"),
        "postgres": ("select * from raw_wallet.users", "select pg_read_file('/etc/passwd')"),
    }
    for sql in hostile[reader.dialect]:
        with pytest.raises(QueryFailedError):
            reader.rows(bypassing(sql))


def test_a_query_that_takes_too_long_is_ended(
    tmp_path: Path, oltp_server: ThrowAwayServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "SECONDS", 1)
    for made in (on_duckdb, on_postgres):
        settings = made(tmp_path / made.__name__, oltp_server.create_database("monitored"))
        with open_reader(settings) as reader:
            with pytest.raises(QueryFailedError, match="was ended after 1 seconds"):
                reader.rows(reader.checked(ENDLESS))
            assert len(reader.rows(reader.checked(SQL))[1]) == 60, "and goes on"


def test_what_is_published_meanwhile_is_read_again(reader: Reader, monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []
    original = reader._rows

    def rows(sql: str) -> list[dict[str, Any]]:
        found = original(sql)
        if "publication_id" in sql:
            seen.append(sql)
            # Another one after the first query, and then none.
            return [row | {"publication_id": "p001" if len(seen) == 1 else "p002"} for row in found]
        return found

    monkeypatch.setattr(reader, "_rows", rows)
    publication, _ = reader.rows(reader.checked(SQL))
    assert publication.id == "p002" and len(seen) == 3


def test_without_a_publication_it_says_so(tmp_path: Path):
    with (
        pytest.raises(WarehouseError, match="nothing has been published"),
        open_reader(load_settings({"FINHOUSE_HOME": str(tmp_path)})),
    ):
        pass


def test_without_a_manifest_nobody_knows_what_is_personal(watched: Watched):
    watched.publish(A=5)
    (watched.settings.dbt_output / "manifest.json").unlink()
    with (
        pytest.raises(TransformError, match="which columns are personal"),
        open_reader(watched.settings),
    ):
        pass
