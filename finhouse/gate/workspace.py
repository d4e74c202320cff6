"""Where the gate keeps its things, and how they are put in place: whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finhouse.errors import WarehouseError
from finhouse.files import locked, write_whole
from finhouse.settings import Settings

KEY_FILE = "key"


def gate_home(settings: Settings) -> Path:
    """The folder of everything the gate makes; it may be deleted at any time."""
    return settings.home / "gate"


@contextmanager
def exclusive(settings: Settings) -> Iterator[None]:
    """Keep a second gate out of the same home.

    Raises:
        WarehouseError: another gate is at work there.
    """
    home = gate_home(settings)
    held = WarehouseError(
        f"another gate is at work in {home}",
        "wait for it to end, or set FINHOUSE_HOME to another folder",
    )
    with locked(home / "lock", held):
        yield


def is_made(folder: Path, key: str) -> bool:
    """Whether ``folder`` is there as a whole, and was made for this ``key``."""
    try:
        return (folder / KEY_FILE).read_bytes() == key.encode()
    except OSError:
        return False


def put_in_place(part: Path, folder: Path, key: str) -> None:
    """Let ``part``, finished, take the place of ``folder``; a kill leaves one of them or none."""
    write_whole(part / KEY_FILE, key)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
