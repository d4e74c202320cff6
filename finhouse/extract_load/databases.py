"""Which database a source is read from."""

from __future__ import annotations

from pathlib import Path

from finhouse.errors import ConfigurationError
from finhouse.oltp import oltp_url
from finhouse.pulse_tables import pulse_url
from finhouse.settings import PULSE_VARIABLE, Settings
from finhouse.sources.definitions import SOURCES_FOLDER, CsvFolderDefinition, read_source


def source_url(
    settings: Settings, source_name: str, definitions: Path = SOURCES_FOLDER
) -> str | None:
    """Address of a source's database; None for files, for which no server is started.

    Raises:
        ConfigurationError: no such source, or the variable it names is not set.
    """
    definition = read_source(source_name, definitions)
    if isinstance(definition, CsvFolderDefinition):
        return None
    return database_url(settings, source_name, definition.url_env)


def database_url(settings: Settings, source_name: str, url_env: str | None) -> str:
    """Address of the database that a source names by a variable; without one, the OLTP database.

    The demo company has one database: there, a variable that is not set names it, too. The tables
    of the monitors are the project's own, and are where it keeps them.

    Raises:
        ConfigurationError: the variable is not set.
    """
    if url_env == PULSE_VARIABLE:
        return pulse_url(settings)
    if url_env and (url := settings.source_urls.get(url_env)):
        return url
    if url_env and settings.oltp_url:
        raise ConfigurationError(
            f"source {source_name} is read from the database of {url_env}, which is not set",
            f"set {url_env}, or remove url_env from {source_name}.yml to read that of OLTP_URL",
        )
    return oltp_url(settings)
