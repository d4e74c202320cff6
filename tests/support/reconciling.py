"""Helpers of the reconciliation tests: a shop whose raw table is tampered with."""

from __future__ import annotations

from typing import Any

from finhouse.extract_load import Reconciliation, reconcile_source
from tests.support.extract_load import Shop

RANGE_ROWS = 10


def reconcile(shop: Shop, **options: Any) -> Reconciliation:
    """Reconcile the source's last table, in ranges of ten rows."""
    return reconcile_all(shop, **options)[-1]


def reconcile_all(shop: Shop, **options: Any) -> list[Reconciliation]:
    """Reconcile every table."""
    return reconcile_source(
        shop.settings,
        "shop",
        oltp_url=shop.oltp_url,
        warehouse=shop.warehouse,
        definitions=shop.definitions,
        **{"range_rows": RANGE_ROWS, **options},
    )


def counts(found: Reconciliation) -> tuple[int, int, int, int]:
    """Missing, surplus, doubled, changed."""
    differences = found.differences
    return differences.missing, differences.surplus, differences.doubled, differences.changed


def tamper(shop: Shop, *statements: str) -> None:
    """Change raw behind the loader's back."""
    for statement in statements:
        shop.warehouse.execute(statement)
