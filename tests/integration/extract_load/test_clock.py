"""A clock that is put back changes the order of nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from finhouse.extract_load import bookkeeping
from finhouse.extract_load.state import utc_now
from tests.support.extract_load import (
    APPEND,
    BY_COLUMN,
    FULL,
    INCREMENTAL,
    ORDERS_DDL,
    Shop,
    orders_yaml,
)
from tests.support.reconciling import reconcile


@pytest.fixture
def put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on it is yesterday."""
    yesterday = utc_now() - timedelta(days=1)
    monkeypatch.setattr(bookkeeping, "utc_now", lambda: yesterday)


@pytest.mark.parametrize("mode", [FULL, INCREMENTAL, BY_COLUMN, APPEND])
def test_later_loads_are_later(
    oltp_url, settings, warehouse, declare, mode: str, request: pytest.FixtureRequest
):
    shop = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(mode)))
    shop.sql(ORDERS_DDL)
    first = shop.load()
    request.getfixturevalue("put_back")
    shop.sql("insert into shop.orders values (101, 1, 'NEW', '2026-01-05')")
    second = shop.load()
    assert second.counts.inserted == 1
    assert second.loaded_at > first.loaded_at
    last = shop.warehouse.execute(
        "select batch_id, raw_row_count from raw_operations.load_log"
        " order by loaded_at desc limit 1"
    )
    assert last == [(second.batch_id, 101)]
    # Ordered by the time they were loaded, rows are in the order they were loaded in.
    assert shop.raw_rows(columns="id", order="_loaded_at desc, 1")[0] == (101,)
    # A reconciliation asks for the last load, and must not take an older one for it.
    shop.sql("insert into shop.orders values (102, 1, 'NEW', '2026-01-05')")
    found = reconcile(shop)
    assert (found.status, found.raw_rows) == ("equal", 102)
    assert found.reconciled_at > second.loaded_at
