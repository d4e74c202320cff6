"""What every load and reconciliation of a folder of files works with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from finhouse.extract_load.context import LoadContext
from finhouse.sources.definitions import CsvFolderDefinition


@dataclass(frozen=True)
class FolderContext(LoadContext):
    """The raw table of one folder of files.

    Attributes:
        landing: where the folders of all sources are.
    """

    definition: CsvFolderDefinition
    landing: Path

    @property
    def table_name(self) -> str:
        return self.definition.table

    @property
    def load_mode(self) -> str:
        return "files"

    @property
    def folder(self) -> Path:
        return self.landing / self.definition.folder
