"""What a task sees of the world: settings, and databases where Airflow names them."""

from __future__ import annotations

from dataclasses import replace

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from finhouse.orchestration.names import OLTP_CONNECTION, WAREHOUSE_CONNECTION
from finhouse.settings import Settings, load_settings
from finhouse.sources import PostgresDefinition, available_sources, read_source


def task_settings() -> Settings:
    """Settings of the environment; an Airflow connection, where defined, names the database.

    The connection of a source's own database is called as its variable, in lower case.
    """
    settings = load_settings()
    variables = {
        definition.url_env
        for definition in map(read_source, available_sources())
        if isinstance(definition, PostgresDefinition) and definition.url_env
    }
    connected = {variable: _url(variable.lower()) for variable in variables}
    return replace(
        settings,
        oltp_url=_url(OLTP_CONNECTION) or settings.oltp_url,
        source_urls=dict(settings.source_urls)
        | {variable: url for variable, url in connected.items() if url},
        warehouse_url=_url(WAREHOUSE_CONNECTION) or settings.warehouse_url,
    )


def _url(connection: str) -> str | None:
    try:
        return Connection.get(connection).get_uri()
    except AirflowNotFoundException:
        return None
