"""The shop of these tests, loaded once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.retention import DDL, MODES, POLICIES, SOURCE, ForgetfulShop, build_and_publish


@pytest.fixture
def make_shop(oltp_url, settings, declare, tmp_path) -> Callable[..., ForgetfulShop]:
    """A shop that is not loaded yet; its orders are loaded in one of ``MODES``."""

    def make(mode: str = "incremental") -> ForgetfulShop:
        policies = tmp_path / "retention_policies.csv"
        policies.write_text(POLICIES)
        definitions = declare("shop", SOURCE.replace("ORDERS", MODES[mode]))
        made = ForgetfulShop(oltp_url, settings, definitions, policies)
        made.sql(DDL)
        return made

    return make


@pytest.fixture
def shop(make_shop) -> ForgetfulShop:
    made = make_shop()
    made.load()
    return made


@pytest.fixture
def published_shop(shop) -> ForgetfulShop:
    build_and_publish(shop)
    return shop
