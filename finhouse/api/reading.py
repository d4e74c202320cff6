"""Opening what the API reads, as the settings say."""

from __future__ import annotations

import re

from finhouse.api.publications import Publications
from finhouse.api.published_file import PublishedFile
from finhouse.api.published_schema import PublishedSchema
from finhouse.dashboards.readers import reader_uri
from finhouse.settings import Settings


def open_publications(settings: Settings) -> Publications:
    """The publications of the target: a file, or a schema and the role that reads it.

    Raises:
        WarehouseError: the role cannot be made, or the warehouse cannot be reached.
    """
    if settings.is_file:
        return PublishedFile(settings.published_path, settings.api_home)
    # The role is one for all readers, and so is its password: Superset's folder keeps it.
    uri = reader_uri(settings, settings.superset_home)
    return PublishedSchema(re.sub(r"^postgres(ql)?\+\w+:", "postgresql:", uri))
