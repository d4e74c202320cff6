"""The gate's inputs: the demo company loaded into DuckDB files, raw schemas only.

Base and head are built on copies of one file, the frozen input, so that load times and batch ids
are equal in both as well. What keeps state is built on two, the company before and after some days
that change its past (``lived_input``). They are made again only when something that makes them has
changed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from finhouse import demo
from finhouse.console import console, step
from finhouse.errors import ConfigurationError
from finhouse.extract_load import load_source, source_url
from finhouse.gate.past import change_the_past
from finhouse.gate.workspace import gate_home, is_made, put_in_place
from finhouse.oltp import EmbeddedServer, oltp_url
from finhouse.pipeline import DEMO_SEED, BuildOptions, live
from finhouse.publish import ensure_reporting_tables
from finhouse.settings import PROJECT_ROOT, PULSE_VARIABLE, Settings
from finhouse.sources import (
    CsvFolderDefinition,
    PostgresDefinition,
    SourceDefinition,
    available_sources,
    raw_schema,
    read_source,
)
from finhouse.warehouse import connect
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT

DEFAULT_SCALE = 0.05
# Enough for the company to correct, delete and deliver late of its own accord.
DAYS = 3
# What decides the content of the file: the company, the loaders, and the tables no load creates.
_MAKERS = (
    "demo",
    "extract_load",
    "oltp",
    "pulse_tables",
    "sources/definitions.py",
    "warehouse",
    "dbt/column_lineage.py",
    "dbt/history.py",
    "gate/inputs.py",
    "gate/past.py",
    "pipeline.py",
    "publish/reporting.py",
)
# What a source file says of itself and of when it is loaded changes no row.
_TOLD_ONLY = {
    "description",
    "schedule",
    "time_zone",
    "deadline_minutes",
    "publication_deadline_minutes",
    "near_real_time",
}
_LOADED_UNTIL = "select max(loaded_at) from raw_operations.load_log"


@dataclass(frozen=True)
class FrozenInput:
    """Raw data that does not change between two builds.

    Attributes:
        warehouse: the DuckDB file; copy it, never write to it.
        key: tells one content from another.
        scale: size of the demo company, 1 = 20,000 users.
        loaded_until: when the last load ended (UTC); builds take it for the moment they begin.
        absent: declared tables that the demo company does not have, as ``schema.table``.
    """

    warehouse: Path
    key: str
    scale: float
    loaded_until: datetime
    absent: frozenset[str] = frozenset()

    @property
    def variables(self) -> dict[str, object]:
        """Variables of dbt for what is built on it."""
        return {"build_started_at": self.loaded_until.strftime("%Y-%m-%d %H:%M:%S")}


@dataclass(frozen=True)
class LivedInput:
    """Raw data of one company at two moments.

    Attributes:
        before, after: the DuckDB files; copy them, never write to them.
    """

    before: Path
    after: Path


def loaded_until(warehouse: Path) -> datetime:
    """When the last load of a warehouse file ended (UTC)."""
    with DuckdbWarehouse(warehouse, DEFAULT_MEMORY_LIMIT, read_only=True) as opened:
        [(ended,)] = opened.execute(_LOADED_UNTIL)
    return ended


def frozen_input(settings: Settings, scale: float = DEFAULT_SCALE) -> FrozenInput:
    """The frozen input of this version of the loaders; made if it is not there yet.

    Args:
        settings: whose home holds it, in ``gate/input``. Its OLTP is not touched.
        scale: size of the demo company.

    Raises:
        FinhouseError: the demo company could not be made or loaded; nothing half-made is kept.
    """
    if made := frozen_before(settings, scale):
        console.print(f"Frozen input: the demo company at scale {scale:g}, as loaded before")
        return made
    folder, key = gate_home(settings) / "input", _key(scale)
    with step(f"Frozen input: the demo company at scale {scale:g}"):
        _make(settings, folder, key, scale)
    return _frozen(settings, folder, key, scale)


def frozen_before(settings: Settings, scale: float = DEFAULT_SCALE) -> FrozenInput | None:
    """The frozen input, if it is there; none for sources that cannot be read."""
    folder = gate_home(settings) / "input"
    try:
        key = _key(scale)
    except ConfigurationError:
        return None
    return _frozen(settings, folder, key, scale) if is_made(folder, key) else None


def _frozen(settings: Settings, folder: Path, key: str, scale: float) -> FrozenInput:
    file = _house(settings, folder).duckdb_path
    return FrozenInput(file, key, scale, loaded_until(file), _absent(file))


def lived_input(settings: Settings, scale: float = DEFAULT_SCALE) -> LivedInput:
    """The company before and after ``DAYS`` days; made if it is not there yet.

    Its own days bring new rows, late ones, changed and deleted ones, but not in every table: some
    rows of *each* table are changed or deleted beside them, or come late, as its mode of loading
    allows.

    Args:
        settings: whose home holds it, in ``gate/lived``. Its OLTP is not touched.
        scale: size of the demo company.

    Raises:
        FinhouseError: the demo company could not be made or loaded; nothing half-made is kept.
    """
    folder = gate_home(settings) / "lived"
    key = f"{_key(scale)} {DAYS} days"
    if not is_made(folder, key):
        with step(f"The demo company before and after {DAYS} days, at scale {scale:g}"):
            _make_lived(settings, folder, key, scale)
    sides = [_house(settings, folder / side).duckdb_path for side in ("before", "after")]
    return LivedInput(*sides)


def _make(settings: Settings, folder: Path, key: str, scale: float) -> None:
    """Load a company of its own beside ``folder``, then keep the warehouse file alone."""
    with _company(settings, folder, scale) as (house, part):
        _keep_warehouse(house, part)
        put_in_place(part, folder, key)


def _make_lived(settings: Settings, folder: Path, key: str, scale: float) -> None:
    """Keep the warehouse of a company of its own twice: before and after it has lived on."""
    with _company(settings, folder, scale) as (house, part):
        _keep_warehouse(house, part / "before", shutil.copyfile)
        demo.advance(oltp_url(house), DAYS, home=house.demo_home)
        load_what_is_there(house)
        _keep_warehouse(house, part / "after")
        change_the_past(
            part / "before" / house.duckdb_path.name, part / "after" / house.duckdb_path.name
        )
        put_in_place(part, folder, key)


@contextmanager
def _company(settings: Settings, folder: Path, scale: float) -> Iterator[tuple[Settings, Path]]:
    """A company that lives beside ``folder``, loaded, and the folder for what is kept of it."""
    life, part = (folder.with_name(f"{folder.name}.{suffix}") for suffix in ("life", "part"))
    house = _house(settings, life)
    server = EmbeddedServer(house.oltp_home)
    # A gate that was killed may have left its server running there.
    server.stop()
    shutil.rmtree(life, ignore_errors=True)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        live(house, oltp_url(house), BuildOptions(scale=scale))
        load_what_is_there(house)
        yield house, part
    finally:
        server.stop()
    shutil.rmtree(life)


def load_what_is_there(house: Settings) -> None:
    """Load every table that the demo company has; a source file may declare others, too."""
    with connect(house) as warehouse:
        ensure_reporting_tables(house, warehouse)
        for name in available_sources():
            if tables := _of_the_demo(read_source(name)):
                url = source_url(house, name)
                load_source(house, name, oltp_url=url, warehouse=warehouse, tables=tables)


def _of_the_demo(definition: SourceDefinition) -> list[str]:
    """Declared tables that the demo company has, by name; a folder of files is always there."""
    if isinstance(definition, CsvFolderDefinition):
        return [definition.table]
    # The project's own tables, with its templates: made where they are asked for.
    if definition.url_env == PULSE_VARIABLE:
        return list(definition.table_names)
    business = demo.businesses().get(definition.database_schema)
    database = business.database if business else None
    held = {table.name for table in database.tables} if database else set()
    return [table.name for table in definition.tables if table.name_in_source in held]


def _absent(file: Path) -> frozenset[str]:
    declared = [(raw_schema(s), t) for s in available_sources() for t in read_source(s).table_names]
    with DuckdbWarehouse(file, DEFAULT_MEMORY_LIMIT, read_only=True) as warehouse:
        return frozenset(
            f"{schema}.{table}"
            for schema, table in declared
            if not warehouse.table_exists(schema, table)
        )


def _keep_warehouse(
    house: Settings, folder: Path, keep: Callable[[Path, Path], object] = Path.rename
) -> None:
    """Keep the warehouse file, with its write-ahead log should there be one."""
    folder.mkdir(exist_ok=True)
    for file in house.home.glob(f"{house.duckdb_path.name}*"):
        keep(file, folder / file.name)


def _house(settings: Settings, home: Path) -> Settings:
    return replace(settings.apart(home), target="duckdb")


def _key(scale: float) -> str:
    """Digest of everything that decides what the file holds."""
    package = PROJECT_ROOT / "finhouse"
    digest = hashlib.sha256(f"{scale!r} {DEMO_SEED} duckdb {version('duckdb')}".encode())
    for name in _MAKERS:
        top = package / name
        files = [top] if top.is_file() else sorted(top.rglob("*"))
        for file in files:
            if file.suffix in (".py", ".sql", ".yml"):
                digest.update(f"\n{file.relative_to(package)}\n".encode())
                digest.update(file.read_bytes())
    for name in available_sources():
        definition = read_source(name)
        digest.update(f"{definition.model_dump(exclude=_TOLD_ONLY | {'tables'})!r}".encode())
        if isinstance(definition, PostgresDefinition):
            digest.update(f"{definition.chosen(_of_the_demo(definition))!r}".encode())
    return digest.hexdigest()
