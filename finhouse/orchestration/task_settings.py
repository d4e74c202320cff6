"""What a task sees of the world: settings, and databases where Airflow names them."""

from __future__ import annotations

from dataclasses import replace

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from finhouse.orchestration.names import OLTP_CONNECTION, WAREHOUSE_CONNECTION
from finhouse.settings import Settings, load_settings


def task_settings() -> Settings:
    """Settings of the environment; an Airflow connection, where defined, names the database."""
    settings = load_settings()
    return replace(
        settings,
        oltp_url=_url(OLTP_CONNECTION) or settings.oltp_url,
        warehouse_url=_url(WAREHOUSE_CONNECTION) or settings.warehouse_url,
    )


def _url(connection: str) -> str | None:
    try:
        return Connection.get(connection).get_uri()
    except AirflowNotFoundException:
        return None
