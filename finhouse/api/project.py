"""What the API knows of the project beside its rows: the domains it speaks of, and lineage."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from finhouse.api.problems import unready
from finhouse.dbt.kpi_lineage import KpiLineages
from finhouse.dbt.manifest import manifest_file, read_manifest
from finhouse.errors import TransformError
from finhouse.settings import Settings
from finhouse.warehouse import text_literal
from finhouse.yaml_text import parse_yaml


@dataclass
class Project:
    """The project behind the API.

    Attributes:
        settings: of the house.
        domains: that it speaks of; of others that are published it does not.
    """

    settings: Settings
    domains: tuple[str, ...]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _lineages: tuple[int, KpiLineages] | None = None

    def __post_init__(self) -> None:
        path = self.settings.dbt_project / "dbt_project.yml"
        project = parse_yaml(path.read_text(encoding="utf-8"))
        self.reporting_currency = str(project["vars"]["reporting_currency"])

    def only(self, asked: str | None = None) -> str:
        """SQL condition on ``domain``: those of this API, or of them the one that is asked for."""
        chosen: Iterable[str] = self.domains if asked is None else (asked,)
        listed = ", ".join(text_literal(name) for name in chosen if name in self.domains)
        return f"domain in ({listed or 'null'})"

    @property
    def dialect(self) -> str:
        """Dialect of the SQL that reads what is published."""
        return "duckdb" if self.settings.is_file else "postgres"

    @property
    def lineage_stamp(self) -> str:
        """Tells one compiled project from the next; empty where there is none."""
        try:
            return str(manifest_file(self.settings).stat().st_mtime_ns)
        except OSError:
            return ""

    def lineages(self) -> KpiLineages:
        """Lineages by the manifest that dbt wrote last.

        Raises:
            ProblemError: dbt has not compiled the project where this API runs.
        """
        with self._lock:
            try:
                version = manifest_file(self.settings).stat().st_mtime_ns
                if self._lineages is None or self._lineages[0] != version:
                    self._lineages = (version, KpiLineages(read_manifest(self.settings)))
            except (OSError, TransformError) as error:
                raise unready(
                    "Lineage is read off dbt's manifest, and there is none in the folder of this "
                    "API's house. Run `make build` there."
                ) from error
            return self._lineages[1]
