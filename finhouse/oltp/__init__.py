"""The OLTP side: the embedded PostgreSQL, and which database a command talks to."""

from __future__ import annotations

from finhouse.oltp.server import EmbeddedServer
from finhouse.settings import Settings

__all__ = ["EmbeddedServer", "embedded_oltp_url", "oltp_url", "warehouse_url"]


def oltp_url(settings: Settings) -> str:
    """URL of the OLTP database: ``OLTP_URL``, else the embedded server, started if need be."""
    return settings.oltp_url or embedded_oltp_url(settings)


def embedded_oltp_url(settings: Settings) -> str:
    """URL of the OLTP database of the embedded server, whatever ``OLTP_URL`` says."""
    return _embedded_url(settings, "oltp")


def warehouse_url(settings: Settings) -> str:
    """URL of the Postgres warehouse: ``WAREHOUSE_URL``, else one beside the embedded OLTP."""
    return settings.warehouse_url or _embedded_url(settings, "warehouse")


def _embedded_url(settings: Settings, database: str) -> str:
    server = EmbeddedServer(settings.oltp_home)
    server.start()
    return server.url(database)
