"""What roles with a clearance read: the publication without what is above it, at any moment."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import psycopg
import pytest
from psycopg import conninfo

import finhouse.publish
from finhouse.errors import PublishError
from finhouse.publish import empty_published, publish
from finhouse.safety.backup import back_up
from finhouse.safety.restore import restore_backup
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, open_published, open_warehouse
from tests.support.warehouse import ThrowAwayServer

SWAPS = 12
PASSWORD = "a password of tests"
ANALYST, CONTROLLER = "role_views_analyst", "role_views_controller"
KPI = (
    "numerator numeric(26, 8)",
    "denominator numeric(26, 8)",
    "value numeric(26, 8)",
    "is_complete_period boolean",
)
# Mart -> its class and its columns; those of people are personal unless they say otherwise.
MARTS = {
    "people": (
        "personal",
        ("person_id text", "signup_date date", "channel text", "worth numeric(20, 2)"),
    ),
    "sales": ("confidential", ("month_start date", "sale_count bigint", "amount numeric(20, 2)")),
    "kpi_monthly": ("internal", ("kpi_code text", "month_start date", *KPI)),
    "kpi_daily": ("internal", ("kpi_code text", "date_day date", *KPI)),
    "kpi_restatements": (
        "internal",
        (
            *("kpi_code text", "period_grain text", "period_start date", "cause_kind text"),
            *("cause_batches text", "restated_at timestamp", "change_number bigint"),
        ),
    ),
}
OWN = {
    "signup_date": {"generalise": "month"},
    "channel": {"data_class": "internal"},
    "worth": {"data_class": "confidential"},
}
SEEN = {
    "internal": [(None, "2026-03-01", "app", None), (None, "2026-04-01", "shop", None)],
    "confidential": [(None, "2026-03-01", "app", "12.50"), (None, "2026-04-01", "shop", "0.10")],
}
PEOPLE = (
    "insert into marts.people values"
    " ('Abebe', '2026-03-17', 'app', 12.50), ('Makeda', '2026-04-02', 'shop', 0.10)"
)


@dataclass
class Shop:
    """A warehouse with marts, and roles with their clearances."""

    settings: Settings
    warehouse: Warehouse

    def declare(self, **clearances: str) -> None:
        self.settings.clearances.write_text(json.dumps({"clearances": clearances}))

    def publish(self) -> None:
        publish(self.settings, self.warehouse)

    def url(self, role: str) -> str:
        parts = conninfo.conninfo_to_dict(self.settings.warehouse_url or "")
        return conninfo.make_conninfo(**parts | {"user": role, "password": PASSWORD})

    def seen(self, clearance: str) -> list[tuple]:
        """The people as a clearance sees them."""
        columns = (
            "person_id, cast(signup_date as text), channel, cast(worth as text)"
            " from {}.people order by channel"
        )
        if self.settings.target == "duckdb":
            with duckdb.connect(str(self.settings.masked_path(clearance)), read_only=True) as file:
                return file.execute("select " + columns.format("published")).fetchall()
        role = {"internal": ANALYST, "confidential": CONTROLLER}[clearance]
        with psycopg.connect(self.url(role)) as reader:
            return reader.execute(f"select {columns.format(f'masked_{clearance}')}").fetchall()

    def schemas(self) -> set[str]:
        return {
            name
            for (name,) in self.warehouse.execute(
                "select nspname::text from pg_namespace"
                " where nspname like 'masked%' or nspname like 'published%'"
            )
        }


def write_manifest(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    nodes = {
        name: {
            "name": name,
            "resource_type": "model",
            "fqn": ["finhouse", "marts", name],
            "config": {"meta": {"data_class": of_mart}},
            "columns": {
                column: {
                    "name": column,
                    "data_type": "string" if kind == "text" else kind,
                    "config": {"meta": OWN.get(column, {})},
                }
                for column, _, kind in (each.partition(" ") for each in columns)
            },
        }
        for name, (of_mart, columns) in MARTS.items()
    }
    (folder / "manifest.json").write_text(json.dumps({"nodes": nodes}))


@pytest.fixture
def shop(tmp_path: Path, settings: Settings, oltp_server: ThrowAwayServer) -> Iterator[Shop]:
    settings = replace(settings, clearances=tmp_path / "clearances.yml")
    write_manifest(settings.dbt_output)
    if settings.target == "postgres":
        with psycopg.connect(oltp_server.url("postgres"), autocommit=True) as owner:
            for role in (ANALYST, CONTROLLER):
                # Roles are the server's: another test of it may have made them.
                if not owner.execute(f"select to_regrole('{role}')").fetchone()[0]:
                    owner.execute(f"create role {role} login noinherit password '{PASSWORD}'")
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema raw_operations")
        warehouse.execute(
            "create table raw_operations.load_log (loaded_at timestamp, status text,"
            " inserted_row_count bigint, updated_row_count bigint, deleted_row_count bigint)"
        )
        warehouse.execute("create schema marts")
        for mart, (_, columns) in MARTS.items():
            warehouse.execute(f"create table marts.{mart} ({', '.join(columns)})")
        warehouse.execute("comment on column marts.people.worth is 'What they''re worth'")
        warehouse.execute(PEOPLE)
        warehouse.execute("insert into marts.sales values ('2026-03-01', 3, 7.25)")
        shop = Shop(settings, warehouse)
        shop.declare(**{ANALYST: "internal", CONTROLLER: "confidential"})
        yield shop


def test_each_clearance_sees_what_it_may(shop: Shop):
    shop.publish()
    assert {clearance: shop.seen(clearance) for clearance in SEEN} == SEEN
    with open_published(shop.settings) as published:
        whole = "select person_id, worth from published.people order by 1"
        assert [(name, str(worth)) for name, worth in published.execute(whole)] == [
            ("Abebe", "12.50"),
            ("Makeda", "0.10"),
        ]


def test_numbers_keep_their_types_and_columns_their_comments(shop: Shop):
    """The same query serves, whatever the clearance."""
    shop.publish()
    if shop.settings.target == "duckdb":
        path = str(shop.settings.masked_path("internal"))
        with duckdb.connect(path, read_only=True) as file:
            found = file.execute(
                "select data_type, comment from duckdb_columns()"
                " where table_name = 'people' and column_name = 'worth'"
            ).fetchall()
        assert found == [("DECIMAL(20,2)", "What they're worth")]
    else:
        found = shop.warehouse.execute(
            "select format_type(atttypid, atttypmod), col_description(attrelid, attnum)"
            " from pg_attribute where attrelid = 'masked_internal.people'::regclass"
            " and attname = 'worth'"
        )
        assert found == [("numeric(20,2)", "What they're worth")]


def test_a_clearance_that_no_role_has_any_more_is_gone(shop: Shop):
    shop.publish()
    shop.declare(**{ANALYST: "internal"})
    shop.publish()
    assert shop.seen("internal") == SEEN["internal"]
    if shop.settings.target == "duckdb":
        assert not shop.settings.masked_path("confidential").parent.exists()
    else:
        assert shop.schemas() == {"published", "masked_internal"}
        with (
            psycopg.connect(shop.url(CONTROLLER)) as reader,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            reader.execute("select * from masked_internal.people")
    shop.declare()
    shop.publish()
    if shop.settings.target == "duckdb":
        assert not shop.settings.masked_path("internal").exists()
    else:
        assert shop.schemas() == {"published"}


def test_rows_that_were_purged_are_gone_from_every_clearance(shop: Shop):
    shop.publish()
    empty_published(shop.settings, shop.warehouse, ["people"])
    assert {clearance: shop.seen(clearance) for clearance in SEEN} == {
        "internal": [],
        "confidential": [],
    }


def test_what_fails_half_way_leaves_every_clearance_as_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    shop.publish()
    shop.warehouse.execute("update marts.people set channel = 'changed'")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(finhouse.publish.file, "put_in_place", die)
        patched.setattr(finhouse.publish, "swap_in", die)
        shop.publish()
    assert {clearance: shop.seen(clearance) for clearance in SEEN} == SEEN
    if not shop.settings.is_file:
        incoming = {"published__incoming", *(f"published__incoming_{name}" for name in SEEN)}
        assert incoming < shop.schemas()
    shop.publish()
    assert [row[2] for row in shop.seen("internal")] == ["changed", "changed"]
    if not shop.settings.is_file:
        assert shop.schemas() == {"published", *(f"masked_{name}" for name in SEEN)}


@pytest.mark.parametrize("target", ["duckdb"], indirect=True)
@pytest.mark.parametrize("failing", ["published", "masked_internal", "masked_confidential"])
def test_a_file_that_cannot_be_replaced_keeps_the_whole_as_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, failing: str
):
    shop.publish()
    before = shop.settings.published_path.read_bytes()
    put_in_place = finhouse.publish.file.put_in_place

    def fail(incoming: Path, destination: Path) -> None:
        if destination.parent.name == failing:
            raise OSError("no space left on device")
        put_in_place(incoming, destination)

    with monkeypatch.context() as patched:
        patched.setattr(finhouse.publish.file, "put_in_place", fail)
        with pytest.raises(PublishError) as refused:
            shop.publish()
    assert "readers of everything keep the previous build" in refused.value.remedy
    assert shop.settings.published_path.read_bytes() == before
    shop.publish()
    assert shop.settings.published_path.read_bytes() != before


# DuckDB has no roles: who may open a file is said to the file system.
on_postgres = pytest.mark.parametrize(
    "target", [pytest.param("postgres", marks=pytest.mark.full)], indirect=True
)


@on_postgres
@pytest.mark.parametrize(
    "statement",
    [
        "select * from published.people",
        "select * from marts.people",
        "select * from masked_confidential.people",
        "select * from raw_operations.publications",
        "create view masked_internal.own as select 1 as n",
        "create or replace view masked_internal.people as select 1 as n",
        "insert into masked_internal.people (channel) values ('me')",
        "select nextval(pg_get_serial_sequence('published.people', 'person_id'))",
    ],
)
def test_no_way_leads_below_the_views(shop: Shop, statement: str):
    shop.publish()
    with (
        psycopg.connect(shop.url(ANALYST)) as reader,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)),
    ):
        reader.execute(statement)


@on_postgres
def test_a_hostile_function_sees_what_the_view_shows(shop: Shop):
    """It costs nothing, so that the planner would call it before anything else, and tells all."""
    shop.publish()
    told: list[str] = []
    with psycopg.connect(shop.url(ANALYST)) as reader:
        reader.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        reader.execute(
            "create function pg_temp.tell(anyelement) returns boolean language plpgsql"
            " cost 0.0000001 as $$ begin raise notice '%', $1; return true; end $$"
        )
        for column in ("person_id", "worth", "signup_date"):
            reader.execute(
                f"select 1 from masked_internal.people where pg_temp.tell({column})"
            ).fetchall()
        reader.execute("select 1 from masked_internal.people as p where pg_temp.tell(p)").fetchall()
    assert set(told) == {
        "<NULL>",
        "2026-03-01",
        "2026-04-01",
        "(,2026-03-01,app,)",
        "(,2026-04-01,shop,)",
    }
    barriers = shop.warehouse.execute(
        "select distinct reloptions from pg_class"
        " where relnamespace = 'masked_internal'::regnamespace and relkind = 'v'"
    )
    assert barriers == [(["security_barrier=true"],)]


@on_postgres
@pytest.mark.parametrize(
    "schema",
    [
        *("published", "marts", "intermediate", "staging", "snapshots", "masked_confidential"),
        *("raw_bnpl", "raw_operations", "published_20260301", "day_20260301_marts"),
    ],
)
def test_a_role_that_may_read_below_its_views_has_no_clearance(shop: Shop, schema: str):
    """By a membership, say: the views would hide nothing from it."""
    shop.publish()
    shop.warehouse.execute("create role role_views_whole")
    shop.warehouse.execute(f"create schema if not exists {schema}")
    shop.warehouse.execute(f"grant usage on schema {schema} to role_views_whole")
    shop.warehouse.execute(f"grant role_views_whole to {ANALYST}")
    try:
        with pytest.raises(PublishError, match=f"{ANALYST} has a clearance and may read schema"):
            shop.publish()
        assert shop.seen("internal") == SEEN["internal"]
    finally:
        shop.warehouse.execute("drop owned by role_views_whole cascade")
        shop.warehouse.execute("drop role role_views_whole")
    shop.publish()


@on_postgres
@pytest.mark.parametrize("schema", ["raw_bnpl", "raw_internal", "intermediate"])
def test_a_right_below_the_marts_is_told(shop: Shop, schema: str):
    """Somebody gave it: it is not taken away silently."""
    shop.warehouse.execute(f"create schema {schema}")
    shop.warehouse.execute(f"grant usage on schema {schema} to {ANALYST}")
    with pytest.raises(PublishError, match=f"{ANALYST} has a clearance and may read schema"):
        shop.publish()


@on_postgres
def test_a_right_on_a_past_day_ends_with_the_clearance(shop: Shop):
    shop.warehouse.execute("create schema published_20260301")
    shop.warehouse.execute("create table published_20260301.people as select 'Abebe' as name")
    shop.warehouse.execute(f"grant usage on schema published_20260301 to {ANALYST}")
    shop.warehouse.execute(f"grant select on published_20260301.people to {ANALYST}")
    shop.publish()
    with (
        psycopg.connect(shop.url(ANALYST)) as reader,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        reader.execute("select * from published_20260301.people")


@on_postgres
def test_a_lower_clearance_ends_the_higher_one(shop: Shop):
    shop.publish()
    shop.declare(**{ANALYST: "internal", CONTROLLER: "internal"})
    shop.publish()
    with (
        psycopg.connect(shop.url(CONTROLLER)) as reader,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)),
    ):
        reader.execute("select * from masked_confidential.people")


@on_postgres
def test_a_right_from_before_ends_with_the_clearance(shop: Shop):
    shop.declare()
    shop.publish()
    shop.warehouse.execute(f"grant usage on schema published to {ANALYST}")
    shop.declare(**{ANALYST: "internal"})
    shop.publish()
    with (
        psycopg.connect(shop.url(ANALYST)) as reader,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        reader.execute("select * from published.people")


@on_postgres
def test_a_role_that_is_not_there_is_named(shop: Shop):
    shop.publish()
    shop.declare(**{ANALYST: "internal", "role_views_nobody": "internal"})
    with pytest.raises(PublishError, match="role role_views_nobody, which has a clearance"):
        shop.publish()
    assert shop.seen("internal") == SEEN["internal"]


@on_postgres
def test_views_and_rights_come_back_with_a_backup(shop: Shop):
    shop.publish()
    kept = back_up(shop.settings)
    shop.warehouse.execute("drop schema masked_internal cascade")
    restore_backup(shop.settings, kept.folder)
    assert {clearance: shop.seen(clearance) for clearance in SEEN} == SEEN
    with (
        psycopg.connect(shop.url(ANALYST)) as reader,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        reader.execute("select * from published.people")


@on_postgres
def test_readers_of_views_never_fail_while_publishing(shop: Shop):
    """Two marts of one build agree whenever a reader looks, over many swaps."""
    shop.publish()
    query = (
        "select (select min(channel) from masked_internal.people),"
        " (select sale_count::text from masked_internal.sales)"
    )
    stop = threading.Event()
    seen: list[tuple] = []
    errors: list[Exception] = []

    def read() -> None:
        with psycopg.connect(shop.url(ANALYST), autocommit=True) as reader:
            while not stop.is_set():
                try:
                    seen.append(reader.execute(query).fetchone())
                except psycopg.Error as error:
                    errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(SWAPS):
        shop.warehouse.execute(f"update marts.people set channel = '{number}'")
        shop.warehouse.execute(f"update marts.sales set sale_count = {number}")
        shop.publish()
    stop.set()
    for reader in readers:
        reader.join()
    assert errors == []
    found = {channel for channel, _ in seen}
    assert len(found) > 1
    assert all(channel in ("app", count) for channel, count in seen)


@on_postgres
def test_a_reader_who_does_not_end_holds_up_no_publication(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(finhouse.publish.schema, "READERS_SECONDS", 1)
    shop.publish()
    with psycopg.connect(shop.url(ANALYST)) as idle:
        idle.execute("select * from masked_internal.people")
        shop.publish()
        left = shop.schemas() - {"published", *(f"masked_{name}" for name in SEEN)}
        assert sorted(name.partition("Z")[0][:19] for name in left) == ["published__outgoing"] * 2
    shop.publish()
    assert shop.schemas() == {"published", *(f"masked_{name}" for name in SEEN)}


@on_postgres
def test_rows_that_were_purged_are_gone_from_the_statistics_of_readers(shop: Shop):
    """All else stays: rights, comments, and the views on what was emptied."""
    shop.declare(**{ANALYST: "internal"})
    shop.warehouse.execute(PEOPLE.replace("'shop'", "'app'"))
    shop.warehouse.execute("comment on table marts.people is 'Who they are'")
    shop.publish()
    reader = "role_views_reader"
    shop.warehouse.execute(f"create role {reader} login password '{PASSWORD}'")
    try:
        shop.warehouse.execute(f"grant usage on schema published to {reader}")
        shop.warehouse.execute(f"grant select on all tables in schema published to {reader}")
        shop.warehouse.execute("comment on table published.people is 'Who they are'")
        shop.warehouse.execute("comment on column published.people.worth is 'In birr'")
        shop.warehouse.execute(
            "create materialized view marts.kept as select * from published.people"
        )
        shop.warehouse.execute("analyze published.people")
        known = "select count(*) from pg_stats where cast(most_common_vals as text) like '%Abebe%'"
        described = (
            "select obj_description('published.people'::regclass),"
            " col_description('published.people'::regclass, 4), array_to_string(reloptions, ', ')"
            " from pg_class where oid = 'masked_internal.people'::regclass"
        )
        before = shop.warehouse.execute(described)
        assert before == [("Who they are", "In birr", "security_barrier=true")]
        with psycopg.connect(shop.url(reader), autocommit=True) as connection:
            assert connection.execute(known).fetchone() == (1,)
            empty_published(shop.settings, shop.warehouse, ["people"])
            assert connection.execute(known).fetchone() == (0,)
            assert connection.execute("select count(*) from published.people").fetchone() == (0,)
            assert connection.execute("select count(*) > 0 from published.sales").fetchone()
        assert shop.warehouse.execute(known) == [(0,)]
        assert shop.warehouse.execute(described) == before
        assert shop.seen("internal") == []
        assert not shop.warehouse.table_exists("marts", "kept")
        assert not shop.warehouse.execute(
            "select 1 from pg_class where relname like '%\\_\\_purged%' or relname = 'kept'"
        )
    finally:
        shop.warehouse.execute(f"drop owned by {reader} cascade")
        shop.warehouse.execute(f"drop role {reader}")
    shop.publish()
    assert len(shop.seen("internal")) == 4
