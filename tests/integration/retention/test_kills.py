"""A purge that is killed has purged all or nothing, and says what is left to do."""

from __future__ import annotations

import json

import pytest

from finhouse.publish import publish
from finhouse.safety.doctor import examine
from finhouse.warehouse import open_published, open_warehouse
from tests.support.retention import ForgetfulShop

pytestmark = pytest.mark.full

PURGING, LEFTOVERS = "finhouse.retention.purging", "finhouse.retention.leftovers"
ROWS = "finhouse.retention.rows:TableRows"
BOOKS = "finhouse.extract_load.bookkeeping:Bookkeeping"
# A mart about persons, and one that is not.
MARTS = {
    "buyers": "customer_id text",
    "sales": "month_start date, amount numeric(20, 2)",
    "kpi_monthly": "kpi_code text, month_start date, numerator numeric(26, 8),"
    " denominator numeric(26, 8), value numeric(26, 8), is_complete_period boolean",
    "kpi_daily": "kpi_code text, date_day date, numerator numeric(26, 8),"
    " denominator numeric(26, 8), value numeric(26, 8), is_complete_period boolean",
    "kpi_restatements": "kpi_code text, period_grain text, period_start date,"
    " cause_kind text, cause_batches text, restated_at timestamp, change_number bigint",
}


def build_and_publish(shop: ForgetfulShop) -> None:
    """As a build would: marts of what raw holds, and a manifest that says which are personal."""
    output = shop.settings.dbt_output
    output.mkdir(parents=True, exist_ok=True)
    nodes = {
        name: {
            "name": name,
            "resource_type": "model",
            "fqn": ["finhouse", "marts", name],
            "config": {"meta": {"data_class": "personal" if name == "buyers" else "internal"}},
            "columns": {
                column.split()[0]: {"name": column.split()[0]}
                for column in columns.replace("26, 8", "26 8").replace("20, 2", "20 2").split(", ")
            },
        }
        for name, columns in MARTS.items()
    }
    (output / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    with open_warehouse(shop.settings) as warehouse:
        warehouse.create_schema("marts")
        for mart, columns in MARTS.items():
            warehouse.execute(f"create table if not exists marts.{mart} ({columns})")
        warehouse.execute(
            "insert into marts.buyers select cast(customer_id as text) from raw_shop.orders"
        )
        warehouse.execute("insert into marts.sales values (date '2025-01-01', 5)")
        publish(shop.settings, warehouse)


def read(shop: ForgetfulShop, mart: str) -> int:
    with open_published(shop.settings) as published:
        return published.count(f"published.{mart}")


def doctor(shop: ForgetfulShop, *, repair: bool = False):
    return examine(
        shop.settings, repair=repair, oltp_url=shop.oltp_url, definitions=shop.definitions
    )


@pytest.fixture
def published_shop(shop) -> ForgetfulShop:
    build_and_publish(shop)
    return shop


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
