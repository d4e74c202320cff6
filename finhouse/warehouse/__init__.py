"""The warehouse behind one small interface: a DuckDB file or a Postgres database."""

from finhouse.warehouse.base import Warehouse, qualified, quoted, text_literal
from finhouse.warehouse.opening import (
    connect,
    connect_published,
    open_published,
    open_warehouse,
)

__all__ = [
    "Warehouse",
    "connect",
    "connect_published",
    "open_published",
    "open_warehouse",
    "qualified",
    "quoted",
    "text_literal",
]
