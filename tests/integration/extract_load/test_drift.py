"""Source tables that change shape: new columns flow in, anything else stops before a write."""

from __future__ import annotations

import pytest

from finhouse.errors import ConfigurationError, SchemaDriftError
from tests.support.extract_load import APPEND, FULL, INCREMENTAL, ORDERS_DDL, Shop, orders_yaml


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    made = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(INCREMENTAL)))
    made.sql(ORDERS_DDL)
    return made


NOTE = "    classes: {2 behaviour: [note], 3 technical: rest}\n"


@pytest.mark.parametrize("mode", [FULL, INCREMENTAL])
def test_a_new_column_arrives_with_the_values_of_old_rows(shop, declare, mode):
    declare("shop", orders_yaml(mode))
    shop.load()
    shop.sql("alter table shop.orders add column note text default 'old'")
    declare("shop", orders_yaml(mode + NOTE))
    result = shop.load()
    assert "new column note" in result.note
    shop.assert_equal("id, amount, status, updated_at::text, note")
    assert not shop.load().changed


def test_a_new_column_of_an_append_table_is_null_in_old_rows(shop, declare):
    declare("shop", orders_yaml(APPEND))
    shop.load()
    shop.sql("alter table shop.orders add column note text default 'x'")
    shop.sql("insert into shop.orders values (101, 1, 'A', null)")
    declare("shop", orders_yaml(APPEND + NOTE))
    shop.load()
    assert shop.raw_rows(columns="id, note")[98:] == [(99, None), (100, None), (101, "x")]


@pytest.mark.parametrize("mode", [FULL, INCREMENTAL, APPEND])
def test_a_new_column_stays_at_the_source_until_it_has_a_class(shop, declare, mode):
    declare("shop", orders_yaml(mode))
    shop.load()
    shop.sql("alter table shop.orders add column fayda_id text default 'F-1'")
    for refresh in (False, True):
        note = shop.load(full_refresh=refresh).note
        assert "column fayda_id is new and stays at the source" in note
        assert "finhouse/sources/shop.yml" in note
        assert "fayda_id" not in shop.warehouse.columns("raw_shop", "orders")
    shop.assert_equal()


@pytest.mark.parametrize("mode", [FULL, INCREMENTAL, APPEND])
def test_a_column_of_no_class_stops_the_load_of_a_new_table(shop, declare, mode):
    declare("shop", orders_yaml(mode + "    classes: {3 technical: [id, updated_at]}\n"))
    with pytest.raises(ConfigurationError, match=r"amount, status of shop\.orders") as caught:
        shop.load()
    assert "2 behaviour: [amount, status]" in caught.value.remedy
    assert not shop.warehouse.table_exists("raw_shop", "orders")
    declare("shop", orders_yaml(mode))
    shop.load()
    # Nor is what has been loaded loaded again, once its class is gone.
    declare("shop", orders_yaml(mode + "    classes: {3 technical: [id, updated_at]}\n"))
    with pytest.raises(ConfigurationError, match="column amount, status"):
        shop.load()


def test_a_class_of_a_column_that_is_not_there_is_refused(shop, declare):
    declare("shop", orders_yaml(FULL + "    classes: {2 behaviour: [fone], 3 technical: rest}\n"))
    with pytest.raises(ConfigurationError, match="classes names column fone"):
        shop.load()


DRIFTS = {
    "type": (
        "alter table shop.orders alter amount type numeric(20,4)",
        r"column 'amount' was numeric\(15,2\) and is now numeric\(20,4\)",
    ),
    "dropped": (
        "alter table shop.orders drop column status",
        r"column 'status' \(text\) is gone",
    ),
    "renamed": (
        "alter table shop.orders rename status to state",
        r"column 'status' \(text\) is gone",
    ),
    "nullable key": (
        "alter table shop.orders drop constraint orders_pkey;"
        " alter table shop.orders alter id drop not null",
        r"key column 'id' was bigint not null and is now bigint null",
    ),
}


@pytest.mark.parametrize("change, message", DRIFTS.values(), ids=DRIFTS.keys())
@pytest.mark.parametrize("mode", [FULL, INCREMENTAL, APPEND])
def test_other_changes_stop_before_anything_is_written(shop, declare, mode, change, message):
    declare("shop", orders_yaml(mode))
    shop.load()
    before = shop.raw_rows()
    shop.sql("insert into shop.orders values (101, 1, 'A', null)")
    shop.sql(change)
    with pytest.raises(SchemaDriftError, match=message) as caught:
        shop.load()
    assert "shop.orders" in caught.value.message
    assert "--full-refresh" in caught.value.remedy
    assert shop.raw_rows() == before
    result = shop.load(full_refresh=True, tables=["orders"])
    assert result.counts.raw == 101
    assert not shop.load().changed


def test_a_longer_text_is_no_drift(shop):
    shop.sql("alter table shop.orders alter status type varchar(20)")
    shop.load()
    shop.sql("alter table shop.orders alter status type varchar(50)")
    assert not shop.load().changed
    shop.sql("alter table shop.orders alter status type text")
    assert not shop.load().changed


def test_a_column_that_becomes_personal_must_be_reviewed_and_then_goes(shop, declare):
    shop.load()
    declare("shop", orders_yaml(INCREMENTAL + "    personal_data: {status: omit}\n"))
    with pytest.raises(SchemaDriftError, match="now omitted"):
        shop.load()
    shop.load(full_refresh=True)
    assert "status" not in shop.warehouse.columns("raw_shop", "orders")


def test_a_refresh_names_the_views_it_drops(shop, target):
    shop.load()
    shop.warehouse.execute("create view staging as select * from raw_shop.orders")
    note = shop.load(full_refresh=True).note
    assert ("staging" in note) == (target == "postgres")


def test_a_raw_table_that_vanished_is_made_again(shop):
    shop.load()
    shop.warehouse.drop_table("raw_shop", "orders")
    assert shop.load().counts.inserted == 100


def test_a_raw_table_altered_by_hand_is_drift(shop):
    shop.load()
    shop.warehouse.execute("alter table raw_shop.orders drop column status")
    with pytest.raises(SchemaDriftError, match="raw table has lost column 'status'"):
        shop.load()
