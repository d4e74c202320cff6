"""Settings: where things live and which engines are in use, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from finhouse.domains import selected_domains
from finhouse.errors import ConfigurationError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
TARGETS = ("duckdb", "postgres", "spark", "snowflake")
# What the schemas of models begin with that are built aside, before the publication's name.
ASIDE = "aside_"
# Engines that the loader does not know: it loads a DuckDB file, and the bridge ships that there.
BRIDGED_TARGETS = ("spark", "snowflake")
PULSE_VARIABLE = "PULSE_URL"


@dataclass(frozen=True)
class Settings:
    """Everything the commands need to know about their surroundings.

    Attributes:
        home: the one ignored folder that holds all data (``FINHOUSE_HOME``, default ``data/``).
        landing: drop zone of CSV files, one folder per source (``FINHOUSE_LANDING``).
        target: warehouse engine, a key of profiles.yml (``FINHOUSE_TARGET``).
        oltp_url: the OLTP database, or None for the embedded server (``OLTP_URL``).
        warehouse_url: Postgres warehouse, or None for a database beside the embedded OLTP
            (``WAREHOUSE_URL``); used by the postgres target only.
        reader_url: SQLAlchemy address of a role that may only read schema ``published`` of that
            warehouse, or None for one of the project's own making (``READER_URL``).
        lake: folder of parquet files between this machine and a bridged engine
            (``FINHOUSE_LAKE``); both must see it.
        lake_url: that folder as the engine names it, without a trailing slash
            (``FINHOUSE_LAKE_URL``, default the folder itself).
        source_urls: databases of single sources, by the variable that a source file names in
            ``url_env``.
        real_data: real data sets and their reference figures, for `make verify-real` and some
            tests (``FINHOUSE_REAL_DATA``).
        project_root: the folder of dbt_project/, profiles.yml and superset/; another one than ours
            when a second version of the project is built beside it (finhouse.gate).
        clearances: file that names roles which see not all of what is published
            (``FINHOUSE_CLEARANCES``).
        aside: name of a publication that is made beside the one of the readers, of a past day: its
            models and seeds stand in schemas of their own. Empty for the readers' own.
    """

    home: Path
    landing: Path
    target: str = "duckdb"
    oltp_url: str | None = None
    warehouse_url: str | None = None
    reader_url: str | None = None
    lake: Path | None = None
    lake_url: str | None = None
    source_urls: Mapping[str, str] = field(default_factory=dict)
    real_data: Path = PROJECT_ROOT.parent / "shared" / "data"
    project_root: Path = PROJECT_ROOT
    clearances: Path = PROJECT_ROOT / "roles" / "clearances.yml"
    aside: str = ""

    def apart(self, home: Path) -> Settings:
        """Settings of a house of its own in ``home``: nobody's database is read or written."""
        return replace(
            self,
            home=home,
            landing=home / "landing",
            oltp_url=None,
            source_urls={},
            warehouse_url=None,
            lake=None,
            lake_url=None,
        )

    @property
    def pulse_url(self) -> str | None:
        """The database of the monitors (``PULSE_URL``), or None for the embedded server's."""
        return self.source_urls.get(PULSE_VARIABLE)

    @property
    def is_bridged(self) -> bool:
        """Whether the engine is reached by the bridge, from a DuckDB file on this machine."""
        return self.target in BRIDGED_TARGETS

    @property
    def is_file(self) -> bool:
        """Whether raw and published data are DuckDB files, whatever engine runs the models."""
        return self.target == "duckdb" or self.is_bridged

    @property
    def engine_home(self) -> Path:
        """Folder of what belongs to one engine: of a bridged one its stage, lake and catalog."""
        return self.home / self.target if self.is_bridged else self.home

    @property
    def duckdb_path(self) -> Path:
        """The working DuckDB warehouse: written by extract-load and dbt, read by nobody else.

        Of a bridged engine it is the stage: raw tables before they are shipped, marts as fetched.
        """
        return self.engine_home / ("stage.duckdb" if self.is_bridged else "warehouse.duckdb")

    @property
    def published_path(self) -> Path:
        """The DuckDB file readers open; replaced as a whole by each publication."""
        return self.engine_home / "published" / f"{self.aside or 'finhouse'}.duckdb"

    @property
    def published_schema(self) -> str:
        """The schema readers find the marts in; of a publication aside on Postgres its own."""
        return f"published_{self.aside}" if self.aside and not self.is_file else "published"

    def masked_path(self, clearance: str) -> Path:
        """The DuckDB file of a clearance, in a folder of its own: see ``finhouse.clearances``."""
        return self.engine_home / f"masked_{clearance}" / "finhouse.duckdb"

    @property
    def fetched_path(self) -> Path:
        """What a copy for another environment is made from, where the warehouse is no file."""
        return self.home / "masking.duckdb"

    @property
    def schema_prefix(self) -> str:
        """What the schemas of models and seeds begin with."""
        return f"{ASIDE}{self.aside}__" if self.aside else ""

    @property
    def lake_home(self) -> Path:
        """Folder of the parquet files that a bridged engine and this machine exchange."""
        return self.lake or self.engine_home / "lake"

    @property
    def oltp_home(self) -> Path:
        """Data folder, password file and log of the embedded PostgreSQL server."""
        return self.home / "oltp"

    @property
    def demo_home(self) -> Path:
        """Truth files of the demo company."""
        return self.home / "demo"

    @property
    def airflow_home(self) -> Path:
        """Metadata, logs, password and process of the local Airflow."""
        return self.home / "airflow"

    @property
    def superset_home(self) -> Path:
        """Metadata, passwords, caches and log of Superset."""
        return self.home / "superset"

    @property
    def api_home(self) -> Path:
        """Keys, process and log of the KPI API."""
        return self.home / "api"

    @property
    def dbt_output(self) -> Path:
        """dbt's artefacts and logs; one folder a target, so that each keeps its parse cache."""
        return self.home / "dbt" / (f"{self.target}-{self.aside}" if self.aside else self.target)

    @property
    def dbt_project(self) -> Path:
        return self.project_root / "dbt_project"


def load_settings(env: Mapping[str, str] | None = None, target: str | None = None) -> Settings:
    """Read settings from ``env`` (default: the process environment); ``target`` overrides it.

    Raises:
        ConfigurationError: the target is not one of ``TARGETS``, or ``FINHOUSE_DOMAINS`` names an
            unknown domain.
    """
    env = os.environ if env is None else env
    # Refused before any work; what is selected is asked for where it matters.
    selected_domains(env)
    home = Path(env.get("FINHOUSE_HOME") or PROJECT_ROOT / "data").expanduser().resolve()
    chosen = target or env.get("FINHOUSE_TARGET") or "duckdb"
    if chosen not in TARGETS:
        raise ConfigurationError(
            f"unknown target {chosen!r}",
            f"use one of {', '.join(TARGETS)}, e.g. make build TARGET={TARGETS[0]}",
        )
    lake = env.get("FINHOUSE_LAKE")
    real_data = env.get("FINHOUSE_REAL_DATA") or Settings.real_data
    return Settings(
        home=home,
        landing=Path(env.get("FINHOUSE_LANDING") or home / "landing").expanduser().resolve(),
        target=chosen,
        oltp_url=env.get("OLTP_URL") or None,
        source_urls={name: value for name, value in env.items() if name.endswith("_URL") and value},
        warehouse_url=env.get("WAREHOUSE_URL") or None,
        reader_url=env.get("READER_URL") or None,
        lake=Path(lake).expanduser().resolve() if lake else None,
        lake_url=(env.get("FINHOUSE_LAKE_URL") or "").rstrip("/") or None,
        real_data=Path(real_data).expanduser().resolve(),
        clearances=Path(env.get("FINHOUSE_CLEARANCES") or Settings.clearances)
        .expanduser()
        .resolve(),
    )
