"""A purge that is killed has purged all or nothing, and says what is left to do."""

from __future__ import annotations

import uuid

import pytest

from finhouse.safety.doctor import examine
from finhouse.warehouse import open_published
from tests.support.retention import ForgetfulShop, build_and_publish, read

pytestmark = pytest.mark.full

PURGING, LEFTOVERS = "finhouse.retention.purging", "finhouse.retention.leftovers"
ROWS = "finhouse.retention.rows:TableRows"
BOOKS = "finhouse.extract_load.bookkeeping:Bookkeeping"


def doctor(shop: ForgetfulShop, *, repair: bool = False):
    return examine(
        shop.settings, repair=repair, oltp_url=shop.oltp_url, definitions=shop.definitions
    )


@pytest.mark.parametrize(
    ("owner", "function", "moment"),
    [
        # Nothing yet; the record, not the rows; some rows; all rows of a table; all, uncommitted.
        (f"{PURGING}:_Run", "rows", "before"),
        (ROWS, "anonymise", "before"),
        (ROWS, "anonymise", "after"),
        (ROWS, "delete", "after"),
        (BOOKS, "save_horizon", "after"),
        (PURGING, "forget_models", "before"),
        (PURGING, "forget_models", "after"),
    ],
)
def test_before_the_commit_nothing_has_happened(published_shop, owner, function, moment):
    shop = published_shop
    before, readers = shop.raw(), read(shop, "buyers")
    shop.killed_in(owner, function, moment)
    assert shop.raw() == before
    for table in ("retention_purges", "retention_refusals", "retention_horizons"):
        assert shop.rows(f"select count(*) from raw_operations.{table}") == [(0,)]
    assert shop.rows("select count(*) from marts.sales") == [(1,)]
    assert read(shop, "buyers") == readers
    assert doctor(shop) == ([], [])
    shop.purge().apply()
    assert shop.raw() != before


@pytest.mark.parametrize(
    ("owner", "function", "moment"),
    [
        (PURGING, "complete", "before"),
        (LEFTOVERS, "empty_published", "before"),
        (LEFTOVERS, "empty_published", "after"),
        (LEFTOVERS, "_give_back_space", "after"),
    ],
)
@pytest.mark.parametrize("by", ["the doctor", "the next purge"])
def test_after_the_commit_all_has_happened_and_the_rest_is_told(
    published_shop, owner, function, moment, by
):
    shop = published_shop
    expected = shop.purge().rehearse()
    shop.killed_in(owner, function, moment)
    after = shop.raw()
    recorded = shop.rows(
        "select table_name, purged_row_count from raw_operations.retention_purges order by 1"
    )
    assert recorded == sorted((found.table_name, found.purged) for found in expected)
    _, [finding] = doctor(shop)
    assert "was killed when the rows were gone from raw" in finding.what
    # No build can publish what models made of the rows: it is gone with them.
    assert shop.rows(
        "select count(*) from information_schema.schemata where schema_name = 'marts'"
    ) == [(0,)]
    if by == "the doctor":
        [repaired], remaining = doctor(shop, repair=True)
        assert (repaired.what, remaining) == (finding.what, [])
    else:
        shop.purge().apply()
    assert doctor(shop) == ([], [])
    assert (read(shop, "buyers"), read(shop, "sales")) == (0, 1)
    assert shop.raw() == after
    shop.load()
    assert shop.raw() == after


on_duckdb = pytest.mark.parametrize("target", ["duckdb"], indirect=True)


@on_duckdb
@pytest.mark.parametrize(
    ("function", "moment"),
    [("remove_database", "before"), ("put_in_place", "before"), ("put_in_place", "after")],
)
def test_a_file_that_is_being_written_anew_is_whole_at_any_moment(published_shop, function, moment):
    shop = published_shop
    shop.killed_in("finhouse.warehouse.duckdb_file", function, moment)
    after = shop.raw()
    _, [finding] = doctor(shop)
    assert "was killed when the rows were gone from raw" in finding.what
    doctor(shop, repair=True)
    assert doctor(shop) == ([], [])
    assert shop.raw() == after
    assert not list(shop.settings.home.glob(".*.anew*"))


@on_duckdb
def test_no_byte_of_the_file_tells_who_was_purged(published_shop):
    """Neither as text nor as the sixteen bytes of a UUID; all else is there as it was."""
    shop = published_shop
    # Holds name whom they are on, also when they are released: that is their evidence.
    shop.sql("delete from shop.holds where released_at is not null")
    shop.execute(
        "comment on column raw_shop.orders.amount is 'In birr'",
        "create schema staging",
        "create view staging.orders as select * from raw_shop.orders",
        "create schema own",
        "create view own.buyers as select * from marts.buyers",
    )
    gone, kept = (uuid.UUID(f"00000000-0000-4000-9000-00000000000{n}") for n in (1, 2))
    shop.execute("checkpoint")

    def bytes_of(person: uuid.UUID) -> list[bool]:
        held = shop.settings.duckdb_path.read_bytes()
        return [stored(person) in held, str(person).encode() in held]

    assert bytes_of(gone) == bytes_of(kept) == [True, True]
    shop.purge().apply()
    assert bytes_of(gone) == [False, False]
    assert bytes_of(kept)[0]
    assert shop.rows("select count(*) from staging.orders") == [(25,)]
    assert shop.rows(
        "select comment from duckdb_columns() where schema_name = 'raw_shop'"
        " and table_name = 'orders' and column_name = 'amount'"
    ) == [("In birr",)]
    # A view on a model that was dropped waits for the next build, as before.
    build_and_publish(shop)
    assert shop.rows("select count(*) from own.buyers") == [(25,)]
    shop.load()
    assert {found.status for found in shop.reconcile()} == {"equal"}


def stored(person: uuid.UUID) -> bytes:
    """As DuckDB has it: a number of 128 bits with its first bit turned, the low byte first."""
    return (person.int ^ (1 << 127)).to_bytes(16, "little")


def test_readers_see_no_purged_person_and_all_else_as_it_was(published_shop):
    shop = published_shop
    person = "00000000-0000-4000-9000-000000000001"
    past = shop.settings.published_path.with_name("january.duckdb")
    if shop.settings.is_file:
        past.write_bytes(shop.settings.published_path.read_bytes())
        assert person.encode() in shop.settings.published_path.read_bytes()
    shop.purge().apply()
    assert (read(shop, "buyers"), read(shop, "sales")) == (0, 1)
    if shop.settings.is_file:
        assert person.encode() not in shop.settings.published_path.read_bytes()
        assert not past.exists()
    # The next build fills it again.
    build_and_publish(shop)
    with open_published(shop.settings) as published:
        assert published.count("published.buyers") == 25
        assert published.count("published.buyers", f"customer_id = '{person}'") == 0


def test_without_a_manifest_every_mart_is_emptied(published_shop):
    shop = published_shop
    (shop.settings.dbt_output / "manifest.json").unlink()
    shop.purge().apply()
    assert (read(shop, "buyers"), read(shop, "sales")) == (0, 0)


def test_space_is_given_back(shop):
    shop.sql(
        # Nothing that an engine could compress.
        "insert into shop.clicks select i, (random() * 1e15)::bigint, gen_random_uuid(),"
        " '2025-01-01' from generate_series(1000, 400000) i"
    )
    shop.load()
    shop.execute("checkpoint")
    before = size(shop)
    shop.purge().apply()
    assert size(shop) < before * 0.7


def size(shop: ForgetfulShop) -> int:
    """Bytes in use: of a file those of its blocks that are not free."""
    if shop.settings.is_file:
        [(block, used)] = shop.rows("select block_size, used_blocks from pragma_database_size()")
        return int(block) * int(used)
    [(used,)] = shop.rows("select pg_total_relation_size('raw_shop.clicks')")
    return int(used)
