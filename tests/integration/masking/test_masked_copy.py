"""Copies of the raw layer that tell nobody whom its rows are about, and can still be joined."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.extract_load import load_source
from finhouse.files import locked
from finhouse.masking import copying
from finhouse.masking.copying import copy_masked
from finhouse.pseudonyms import KEY, PseudonymKey
from finhouse.retention.rows import TOKEN_PREFIX
from finhouse.warehouse import open_warehouse
from tests.support.extract_load import Shop
from tests.support.marks import Search

SECRET = "00112233445566778899aabbccddeeff" * 2
SOURCE = """
kind: postgres
name: shop
schema: shop
person: customer
legal_holds: holds
classes:
  2 identity: [customer_id]
  3 technical: [id, created_at]
tables:
  - name: customers
    mode: full
    key: [id]
    personal_data:
      full_name: mask
      fayda_id: pseudonymise
      born_on: mask
      alias: keep
      gender: keep
    classes:
      1a identity: [full_name, fayda_id, born_on]
      2 identity: [referred_by, alias, gender]
    subjects: {id: customer, referred_by: customer}
  - name: loans
    mode: incremental
    key: [id]
    cursor: xmin
    event_time: created_at
    references: [customers]
    classes:
      1b credit: [principal, rate, score, due_on]
      2 business: [fee]
    subjects: {id: loan, customer_id: customer}
  - name: instalments
    mode: incremental
    key: [id]
    cursor: xmin
    references: [loans]
    classes: {1b credit: [amount, paid_at], 3 technical: [number, loan_id]}
    subjects: {loan_id: loan}
  - name: fees
    mode: full
    key: [id]
    references: [instalments]
    classes: {1b credit: [charged_at], 3 technical: [instalment_id]}
  - name: events
    mode: append
    key: [id]
    cursor: xmin
    row_of: entity_id
    classes: {2 identity: [actor], 3 technical: [entity_id, occurred_at]}
  - name: holds
    mode: full
    key: [id]
    classes: {2 identity: [subject_id], 3 technical: [subject_type, placed_at, released_at]}
  - name: prices
    mode: full
    classes: {2 business: [price], 3 technical: [valid_from]}
"""
# ``KIND`` is the type of a customer's identifier, ``customer(n)`` the nth one.
DDL = """
    create schema shop;
    create function customer(n bigint) returns KIND language sql as 'select IDENTIFIER';
    create table shop.customers (
        id KIND primary key, full_name text, fayda_id text, born_on date, alias text,
        referred_by KIND, created_at timestamptz, gender text
    );
    insert into shop.customers select customer(i), 'Kwanarix ' || i % 30, 'F-90731846' || i,
        date '1980-03-05' + i::int * 91, 'kwanarix' || i,
        case when i > 5 then customer(i / 2) end,
        timestamptz '2026-01-01 08:00+00' + i * interval '7 h', substr('FM', i::int % 2 + 1, 1)
    from generate_series(1, 60) i;
    create table shop.loans (
        id uuid primary key, customer_id KIND, principal numeric(15,2), rate numeric(6,4),
        score int, due_on date, fee numeric(15,2), created_at timestamp
    );
    insert into shop.loans select md5('loan' || i)::uuid, customer(1 + i % 60),
        case when i = 7 then 0 when i % 9 = 0 then -1 else 1 end * (i * 1234.56 + 0.07),
        0.15 + i * 0.0003, 300 + i, date '2026-04-01' + i::int, 12.34,
        timestamp '2026-02-01' + i * interval '5 h'
    from generate_series(1, 100) i;
    insert into shop.loans (id, due_on, fee) values (md5('nobody')::uuid, 'infinity', 1);
    create table shop.instalments (
        id bigint primary key, loan_id uuid, number int, amount double precision,
        paid_at timestamptz
    );
    insert into shop.instalments select i, md5('loan' || 1 + i % 100)::uuid, i % 3, i * 3.7,
        timestamptz '2026-03-01 00:00+00' + i * interval '2 h'
    from generate_series(1, 300) i;
    create table shop.fees (id bigint primary key, instalment_id bigint, charged_at timestamp);
    insert into shop.fees select i, i, timestamp '2026-03-02' + i * interval '2 h'
    from generate_series(1, 50) i;
    create table shop.events (
        id bigint primary key, actor text, entity_id text, occurred_at timestamp
    );
    insert into shop.events
    select i, case when i % 2 = 0 then customer(i)::text else 'system' end, customer(i)::text
    from generate_series(1, 60) i;
    insert into shop.events
    select 1000 + i, 'system', md5('loan' || i)::uuid::text,
        timestamp '2026-02-01' + i * interval '5 h'
    from generate_series(1, 100) i;
    create table shop.holds (
        id bigint primary key, subject_type text, subject_id text, placed_at timestamp,
        released_at timestamp
    );
    insert into shop.holds values (1, 'customer', customer(3)::text, '2026-03-01', null),
        (2, 'loan', md5('loan1')::uuid::text, '2026-03-01', null);
    create table shop.prices (price numeric(15,2), valid_from date);
    insert into shop.prices values (9.99, '2026-01-01')
"""
KINDS = {
    "uuid": ("uuid", "md5(n::text)::uuid"),
    "integer": ("integer", "(n * 7)::integer"),
    "text": ("text", "''C-'' || n"),
}
TABLES = ("customers", "loans", "instalments", "fees", "events", "holds", "prices")
AMOUNTS = (("loans", "principal"), ("loans", "rate"), ("loans", "score"), ("instalments", "amount"))
JOINS = {
    "loans of customers": "customers c join raw_shop.loans l on l.customer_id = c.id",
    "who referred whom": "customers c join raw_shop.customers r on c.referred_by = r.id",
    "one person under two names": "customers c join raw_shop.customers d using (full_name)",
    "instalments": "loans l join raw_shop.instalments i on i.loan_id = l.id",
    "holds of loans": "holds h join raw_shop.loans l on h.subject_id = cast(l.id as varchar)",
    "holds of customers":
        "holds h join raw_shop.customers c on h.subject_id = cast(c.id as varchar)",
}  # fmt: skip
TEXT_JOINS = {
    "events of customers":
        "events e join raw_shop.customers c on e.entity_id = cast(c.id as varchar)",
    "what customers did": "events e join raw_shop.customers c on e.actor = cast(c.id as varchar)",
}  # fmt: skip


class Copied:
    """Rows of a house and of its masked copy, side by side."""

    def __init__(self, shop: Shop, file: Path) -> None:
        self.shop, self.file = shop, file

    def both(self, query: str) -> tuple[list[tuple], list[tuple]]:
        with open_warehouse(self.shop.settings) as warehouse:
            ours = warehouse.execute(query)
        with duckdb.connect(str(self.file), read_only=True) as copy:
            return ours, copy.execute(query).fetchall()

    def masked(self, query: str) -> list[tuple]:
        return self.both(query)[1]

    def days(self) -> dict[str, int]:
        """By how much the loans of each customer were moved."""
        query = (
            "select cast(id as text), created_at from raw_shop.loans where created_at is not null"
        )
        ours, theirs = map(dict, self.both(query))
        owners = dict(self.both("select cast(id as text), customer_id from raw_shop.loans")[0])
        moved: dict[str, int] = {}
        for loan, moment in ours.items():
            found = theirs[loan] - moment
            assert found.seconds == 0
            assert moved.setdefault(str(owners[loan]), found.days) == found.days
        return moved


@pytest.fixture
def key() -> PseudonymKey:
    return PseudonymKey(bytes.fromhex(SECRET))


@pytest.fixture
def make(oltp_url, settings, declare, key, monkeypatch):
    monkeypatch.setenv(KEY, SECRET)

    def made(kind: str = "uuid") -> Shop:
        name, identifier = KINDS[kind]
        with open_warehouse(settings) as warehouse:
            shop = Shop(oltp_url, settings, warehouse, declare("shop", SOURCE))
            shop.sql(DDL.replace("KIND", name).replace("IDENTIFIER", identifier))
            load_source(
                settings, "shop", oltp_url=oltp_url, warehouse=warehouse,
                definitions=shop.definitions,
            )  # fmt: skip
        return shop

    return made


@pytest.fixture
def copy(make, key, tmp_path) -> Copied:
    shop = make()
    copy_masked(shop.settings, tmp_path / "masked.duckdb", key, shop.definitions)
    return Copied(shop, tmp_path / "masked.duckdb")


def test_as_many_rows_of_the_same_types(copy):
    for table in TABLES:
        ours, theirs = copy.both(f"select count(*) from raw_shop.{table}")
        assert ours == theirs != [(0,)], table
    with open_warehouse(copy.shop.settings) as warehouse:
        expected = {table: warehouse.columns("raw_shop", table) for table in TABLES}
    with duckdb.connect(str(copy.file), read_only=True) as made:
        for table, columns in expected.items():
            held = {row[0]: row[1] for row in made.execute(f"describe raw_shop.{table}").fetchall()}
            assert list(held) == list(columns)
            if copy.shop.settings.target == "duckdb":
                assert held == columns


@pytest.mark.parametrize("kind", KINDS)
def test_joins_find_as_many_rows(make, key, tmp_path, kind):
    shop = make(kind)
    copy_masked(shop.settings, tmp_path / "masked.duckdb", key, shop.definitions)
    copy = Copied(shop, tmp_path / "masked.duckdb")
    # A number that stands in some text may be any number.
    for what, join in (JOINS if kind == "integer" else JOINS | TEXT_JOINS).items():
        ours, theirs = copy.both(f"select count(*) from raw_shop.{join}")
        assert ours == theirs != [(0,)], what
    ours, theirs = copy.both("select cast(id as text) from raw_shop.customers")
    assert len({*theirs}) == len(ours)
    if kind != "integer":
        assert not {*ours} & {*theirs}


def test_nobody_is_in_it(copy):
    hits = Search(("kwanarix", "90731846", SECRET)).in_file(copy.file)
    assert hits == []
    ours, theirs = copy.both("select born_on from raw_shop.customers")
    assert {day.year for (day,) in ours} == {day.year for (day,) in theirs}
    assert {(day.month, day.day) for (day,) in theirs} == {(1, 1)}
    # Tokens of a copy are others than those of the house.
    ours, theirs = copy.both("select fayda_id, alias from raw_shop.customers")
    assert not {value for row in ours for value in row} & {value for row in theirs for value in row}


def test_amounts_are_rounded_in_order_and_keep_their_sign(copy):
    for table, column in AMOUNTS:
        ours, theirs = (
            dict(rows)
            for rows in copy.both(f"select cast(id as text), {column} from raw_shop.{table}")
        )
        pairs = sorted((ours[one], theirs[one]) for one in ours if ours[one] is not None)
        assert [masked for _, masked in pairs] == sorted(masked for _, masked in pairs), column
        for value, masked in pairs:
            assert (value > 0, value < 0) == (masked > 0, masked < 0)
            assert abs(masked - value) <= abs(value) / 10
        assert sum(value == masked for value, masked in pairs) <= len(pairs) / 10, column
        assert [theirs[one] for one in ours if ours[one] is None] == [None] * (table == "loans")
    [(seventh,)] = copy.masked(
        "select principal from raw_shop.loans where id = cast(md5('loan7') as uuid)"
    )
    assert seventh == 0


def test_what_is_no_fact_of_a_person_and_names_nobody_stays(copy):
    for query in (
        "select distinct fee from raw_shop.loans order by 1",
        "select price, valid_from from raw_shop.prices",
        "select gender, count(*) from raw_shop.customers group by gender order by 1",
        "select cast(id as text), number from raw_shop.instalments order by 1",
    ):
        ours, theirs = copy.both(query)
        assert ours == theirs != []


def test_no_row_has_its_old_amounts(copy):
    query = "select cast(id as text), principal, rate, score from raw_shop.loans"
    ours, theirs = copy.both(f"{query} where principal <> 0")
    assert not {*ours} & {*theirs}


def test_all_dates_of_a_person_move_by_the_same_days(copy):
    moved = copy.days()
    assert len(moved) == 60 and {*map(abs, moved.values())} <= {*range(1, 31)}
    assert min(moved.values()) < 0 < max(moved.values()) and len({*moved.values()}) > 20
    # Within a row, over a subject, and over a table that is referred to.
    for query in (
        "select cast(id as text), date_diff('day', created_at, due_on) from raw_shop.loans",
        "select i.id, date_diff('hour', l.created_at, cast(i.paid_at as timestamp))"
        " from raw_shop.instalments i join raw_shop.loans l on l.id = i.loan_id",
        "select f.id, date_diff('hour', cast(i.paid_at as timestamp), f.charged_at)"
        " from raw_shop.fees f join raw_shop.instalments i on i.id = f.instalment_id",
        # What names a row of some table: beside it, a date that stays would tell the days.
        "select e.id, date_diff('hour', l.created_at, e.occurred_at)"
        " from raw_shop.events e join raw_shop.loans l on e.entity_id = cast(l.id as varchar)",
    ):
        if copy.shop.settings.target == "postgres":
            continue
        query += " where not isinf(due_on)" if "due_on" in query else ""
        ours, theirs = copy.both(f"{query} order by 1")
        assert ours == theirs and len(ours) >= 50
    # Of nobody: they stay, and so does infinity.
    nobody = "where customer_id is null"
    assert copy.masked(f"select cast(due_on as text) from raw_shop.loans {nobody}") == [
        ("infinity",)
    ]
    ours, theirs = copy.both("select valid_from from raw_shop.prices")
    assert ours == theirs


@pytest.mark.parametrize("kind", KINDS)
def test_holds_move_with_whom_they_are_on(make, key, tmp_path, kind):
    shop = make(kind)
    copy_masked(shop.settings, tmp_path / "masked.duckdb", key, shop.definitions)
    copy = Copied(shop, tmp_path / "masked.duckdb")
    for table, subject in (("loans", "loan"), ("customers", "customer")):
        [ours], [theirs] = copy.both(
            "select h.placed_at, cast(s.created_at as timestamp)"
            f" from raw_shop.holds h join raw_shop.{table} s"
            f" on h.subject_id = cast(s.id as varchar) and h.subject_type = '{subject}'"
        )
        assert theirs[0] - ours[0] == theirs[1] - ours[1] != timedelta(0)


def test_a_source_of_persons_says_who_they_are(make, key, tmp_path):
    shop = make()
    file = shop.definitions / "shop.yml"
    subjects = "    subjects: {id: customer, referred_by: customer}\n"
    changed = file.read_text(encoding="utf-8").replace("person: customer\nlegal_holds: holds\n", "")
    file.write_text(changed.replace(subjects, ""), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="does not say which kind") as refused:
        copy_masked(shop.settings, tmp_path / "masked.duckdb", key, shop.definitions)
    assert "column full_name of raw_shop.customers" in refused.value.message
    assert not (tmp_path / "masked.duckdb").exists()


def test_the_same_key_makes_the_same_copy_and_another_another(copy, tmp_path):
    shop, again, other = copy.shop, tmp_path / "again.duckdb", tmp_path / "other.duckdb"
    copy_masked(shop.settings, again, PseudonymKey(bytes.fromhex(SECRET)), shop.definitions)
    copy_masked(shop.settings, other, PseudonymKey(bytes(32)), shop.definitions)
    query = "select cast(id as text), full_name from raw_shop.customers order by 1"
    first = copy.masked(query)
    assert Copied(shop, again).masked(query) == first
    assert not {*Copied(shop, other).masked(query)} & {*first}


def test_what_a_purge_made_a_token_stays_one(make, key, tmp_path):
    shop = make()
    purged = f"{TOKEN_PREFIX}123-8123-123412341234"
    with open_warehouse(shop.settings) as warehouse:
        warehouse.execute(
            f"update raw_shop.loans set customer_id = '{purged}' where score between 310 and 320"
        )
    copy_masked(shop.settings, tmp_path / "masked.duckdb", key, shop.definitions)
    [(kept,)] = Copied(shop, tmp_path / "masked.duckdb").masked(
        f"select count(*) from raw_shop.loans where cast(customer_id as text) = '{purged}'"
    )
    assert kept == 11


def test_the_books_name_no_row(copy):
    """What a reconciliation and a failed load say of rows is left at home, and the state, too."""
    loads = "select source_name, table_name, inserted_row_count from raw_operations.load_log"
    ours, theirs = copy.both(f"{loads} order by 2")
    assert ours == theirs and len(ours) == len(TABLES)
    assert copy.masked("select count(*) from raw_operations.load_state") == [(0,)]
    assert copy.masked(
        "select count(*) from raw_operations.source_reconciliation"
        " where coalesce(missing_key, source_sums, note) is not null"
    ) == [(0,)]


def test_a_file_that_is_there_stays(copy, key):
    before = copy.file.read_bytes()
    with pytest.raises(ConfigurationError, match="is there already"):
        copy_masked(copy.shop.settings, copy.file, key, copy.shop.definitions)
    assert copy.file.read_bytes() == before
    assert stat.S_ISREG(copy.file.stat().st_mode)


def test_without_a_key_a_folder_or_rows_nothing_is_written(make, key, settings, tmp_path):
    file = tmp_path / "masked.duckdb"
    if settings.target == "duckdb":
        with pytest.raises(ConfigurationError, match="there is no warehouse"):
            copy_masked(settings, file, key)
    shop = make()
    with pytest.raises(ConfigurationError, match="none is set") as refused:
        copy_masked(shop.settings, file, None, shop.definitions)
    assert "finhouse pseudonym-key" in str(refused.value)
    with pytest.raises(ConfigurationError, match="is not there"):
        copy_masked(shop.settings, tmp_path / "no" / "masked.duckdb", key, shop.definitions)
    with pytest.raises(ConfigurationError, match="no raw table"):
        copy_masked(shop.settings, file, key)
    assert not file.exists() and left_in(tmp_path) == []


def test_a_column_that_nobody_has_declared_stops_it(make, key, declare, tmp_path):
    shop = make()
    declare(
        "shop",
        SOURCE.replace(
            "2 identity: [referred_by, alias, gender]", "2 identity: [referred_by, gender]"
        ),
    )
    with pytest.raises(ConfigurationError, match=r"alias of raw_shop\.customers has no class"):
        copy_masked(shop.settings, tmp_path / "masked.duckdb", key, shop.definitions)
    assert left_in(tmp_path) == []


def test_two_copies_to_one_file_do_not_meet(make, key, tmp_path):
    shop, file = make(), tmp_path / "masked.duckdb"
    held = WarehouseError("held")
    with (
        locked(tmp_path / ".masked.duckdb.lock", held),
        pytest.raises(WarehouseError, match="another copy"),
    ):
        copy_masked(shop.settings, file, key, shop.definitions)


def test_a_file_that_appears_meanwhile_stays(make, key, tmp_path, monkeypatch):
    shop, file = make(), tmp_path / "masked.duckdb"
    write = copying._write

    def and_another(*arguments):
        file.write_text("somebody else's")
        return write(*arguments)

    monkeypatch.setattr(copying, "_write", and_another)
    with pytest.raises(ConfigurationError, match="is there already"):
        copy_masked(shop.settings, file, key, shop.definitions)
    assert file.read_text() == "somebody else's"


@pytest.mark.parametrize("where", ["_Copy._books", "_masked_select"])
def test_a_kill_leaves_nothing_that_looks_whole(make, key, tmp_path, where):
    shop, file = make(), tmp_path / "masked.duckdb"
    program = f"""
import os, signal
from pathlib import Path
from finhouse.masking import copying
from finhouse.pseudonyms import PseudonymKey
from finhouse.settings import Settings
copying.{where} = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
settings = Settings(home=Path({str(shop.settings.home)!r}), landing=Path("."),
    target={shop.settings.target!r}, warehouse_url={shop.settings.warehouse_url!r})
copying.copy_masked(settings, Path({str(file)!r}), PseudonymKey(bytes(32)),
    Path({str(shop.definitions)!r}))
"""
    killed = subprocess.run([sys.executable, "-c", program], env=os.environ.copy())
    assert killed.returncode == -signal.SIGKILL
    assert not file.exists()
    copy_masked(shop.settings, file, key, shop.definitions)
    assert file.exists() and left_in(tmp_path) == []


def left_in(folder: Path) -> list[str]:
    """What copies have left beside the file, and in the house."""
    beside = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    return beside + [path.name for path in folder.glob("home/masking*")]
