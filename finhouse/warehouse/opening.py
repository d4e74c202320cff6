"""Choosing and opening the warehouse that the settings name."""

from __future__ import annotations

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.oltp import warehouse_url
from finhouse.settings import Settings
from finhouse.warehouse.base import Warehouse
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.postgres_database import PostgresWarehouse

# Buffers only: Arrow batches and Python come on top, and 5 M rows stay below 1 GiB in all.
DEFAULT_MEMORY_LIMIT = "512MB"


def connect(settings: Settings) -> Warehouse:
    """Open the working warehouse of the target.

    Without ``WAREHOUSE_URL`` the postgres target is a database of the embedded server, which is
    started if need be.

    Raises:
        WarehouseError: as ``open_warehouse``.
    """
    return open_warehouse(settings, _postgres_url(settings))


def connect_published(settings: Settings) -> Warehouse:
    """Open what readers see, of the target; the embedded server as in ``connect``.

    Raises:
        WarehouseError: as ``open_published``.
    """
    return open_published(settings, _postgres_url(settings))


def _postgres_url(settings: Settings) -> str | None:
    return warehouse_url(settings) if settings.target == "postgres" else None


def open_warehouse(
    settings: Settings, url: str | None = None, *, memory_limit: str = DEFAULT_MEMORY_LIMIT
) -> Warehouse:
    """Open the warehouse of ``settings.target``, and start no server; use it in a ``with`` block.

    Args:
        settings: names the target and the DuckDB file (of a bridged target: its stage).
        url: the Postgres warehouse, before ``settings.warehouse_url``; postgres target only.
        memory_limit: DuckDB's buffer ceiling; not on the postgres target.

    Raises:
        ConfigurationError: the postgres target without a URL.
        WarehouseError: the warehouse cannot be opened (see the two classes).
    """
    if settings.is_file:
        return DuckdbWarehouse(settings.duckdb_path, memory_limit)
    chosen = url or settings.warehouse_url
    if not chosen:
        raise ConfigurationError(
            "target postgres has no warehouse URL",
            "set WAREHOUSE_URL to postgresql://user:password@host:port/database",
        )
    return PostgresWarehouse(chosen)


def open_published(settings: Settings, url: str | None = None) -> Warehouse:
    """Open what readers see, in schema ``published``: a DuckDB file of its own, or Postgres.

    Args:
        settings: names the target and the published file.
        url: the Postgres warehouse, before ``settings.warehouse_url``; postgres target only.

    Raises:
        WarehouseError: nothing has been published, or it cannot be opened.
    """
    if not settings.is_file:
        return open_warehouse(settings, url)
    if not settings.published_path.exists():
        raise WarehouseError(
            f"nothing has been published yet: {settings.published_path} is not there",
            "run `make build`; only a build whose tests all pass is published",
        )
    return DuckdbWarehouse(settings.published_path, DEFAULT_MEMORY_LIMIT, read_only=True)
