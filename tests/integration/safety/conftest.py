"""The small house of these tests."""

from __future__ import annotations

import pytest

from tests.support.extract_load import INCREMENTAL, ORDERS_DDL, orders_yaml
from tests.support.safety import FILES_YAML, KeptHouse


@pytest.fixture
def house(oltp_url, settings, declare) -> KeptHouse:
    """Loaded and published once."""
    declare("deliveries", FILES_YAML)
    made = KeptHouse(oltp_url, settings, declare("shop", orders_yaml(INCREMENTAL)))
    made.sql(ORDERS_DDL)
    made.load()
    made.deliver("20260101", 3)
    made.load("deliveries")
    made.publish(100)
    return made
