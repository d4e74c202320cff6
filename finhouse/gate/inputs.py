"""The frozen input: the demo company loaded once into a DuckDB file, raw schemas only.

Base and head are built on copies of this one file, so that load times and batch ids are equal in
both as well. It is made again only when something that makes it has changed.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from finhouse.console import console, step
from finhouse.gate.workspace import gate_home, is_made, put_in_place
from finhouse.oltp import EmbeddedServer, oltp_url
from finhouse.pipeline import DEMO_SEED, BuildOptions, live, load_all
from finhouse.settings import PROJECT_ROOT, Settings
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT

DEFAULT_SCALE = 0.05
# What decides the content of the file: the company, the loaders, and the tables no load creates.
_MAKERS = (
    "demo",
    "extract_load",
    "oltp",
    "sources",
    "warehouse",
    "dbt/history.py",
    "pipeline.py",
    "publish.py",
)
_LOADED_UNTIL = "select max(loaded_at) from raw_operations.load_log"


@dataclass(frozen=True)
class FrozenInput:
    """Raw data that does not change between two builds.

    Attributes:
        warehouse: the DuckDB file; copy it, never write to it.
        key: tells one content from another.
        scale: size of the demo company, 1 = 20,000 users.
        loaded_until: when the last load ended (UTC); builds take it for the moment they begin.
    """

    warehouse: Path
    key: str
    scale: float
    loaded_until: datetime


def frozen_input(settings: Settings, scale: float = DEFAULT_SCALE) -> FrozenInput:
    """The frozen input of this version of the loaders; made if it is not there yet.

    Args:
        settings: whose home holds it, in ``gate/input``. Its OLTP is not touched.
        scale: size of the demo company.

    Raises:
        FinhouseError: the demo company could not be made or loaded; nothing half-made is kept.
    """
    folder = gate_home(settings) / "input"
    key = _key(scale)
    if is_made(folder, key):
        console.print(f"Frozen input: the demo company at scale {scale:g}, as loaded before")
    else:
        with step(f"Frozen input: the demo company at scale {scale:g}"):
            _make(settings, folder, key, scale)
    file = _house(settings, folder).duckdb_path
    with DuckdbWarehouse(file, DEFAULT_MEMORY_LIMIT, read_only=True) as warehouse:
        [(loaded_until,)] = warehouse.execute(_LOADED_UNTIL)
    return FrozenInput(file, key, scale, loaded_until)


def _make(settings: Settings, folder: Path, key: str, scale: float) -> None:
    """Load a company of its own beside ``folder``, then keep the warehouse file alone."""
    life, part = folder.with_name("input.life"), folder.with_name("input.part")
    house = _house(settings, life)
    server = EmbeddedServer(house.oltp_home)
    # A gate that was killed may have left its server running there.
    server.stop()
    shutil.rmtree(life, ignore_errors=True)
    shutil.rmtree(part, ignore_errors=True)
    try:
        url = oltp_url(house)
        live(house, url, BuildOptions(scale=scale))
        load_all(house)
    finally:
        server.stop()
    part.mkdir()
    # With its write-ahead log, should there be one.
    for file in house.home.glob(f"{house.duckdb_path.name}*"):
        file.rename(part / file.name)
    put_in_place(part, folder, key)
    shutil.rmtree(life)


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
    return digest.hexdigest()
