"""The declared sources: one YAML file each, and what reads them.

Light on purpose: an orchestrator reads the declarations each time it looks at its DAGs.
"""

from finhouse.sources.definitions import (
    CsvFolderDefinition,
    PostgresDefinition,
    SourceDefinition,
    available_sources,
    raw_schema,
    read_source,
)

__all__ = [
    "CsvFolderDefinition",
    "PostgresDefinition",
    "SourceDefinition",
    "available_sources",
    "raw_schema",
    "read_source",
]
