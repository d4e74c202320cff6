"""Copying, locking and removing files so that a kill leaves nothing that looks whole."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finhouse.errors import WarehouseError
from finhouse.files import locked

_COPY = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"
# Held by backup, restore and doctor of a house: one of them at a time.
LOCK_FILE = ".safety.lock"
# Of a folder that is being filled: held while its process lives.
LOCK_SUFFIX = ".lock"


def copy_apart(source: Path, destination: Path) -> None:
    """Copy a file in a process of its own.

    Closing any handle of a file drops all locks that a process has on it, DuckDB's as well: this
    process must not open a database file that it keeps locked.

    Raises:
        WarehouseError: it cannot be copied.
    """
    result = subprocess.run(
        [sys.executable, "-c", _COPY, str(source), str(destination)], capture_output=True, text=True
    )
    if result.returncode:
        reason = result.stderr.strip().splitlines()[-1:] or ["killed"]
        raise WarehouseError(
            f"{source} cannot be copied to {destination}: {reason[0]}",
            "free some disk space there, or name another folder",
        )


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def house_lock(engine_home: Path) -> Iterator[None]:
    """Keep a second backup, restore or doctor of this house away.

    Raises:
        WarehouseError: there is one at work.
    """
    held = WarehouseError(
        f"another backup, restore or doctor of {engine_home} is at work",
        "wait for it to end",
    )
    with locked(engine_home / LOCK_FILE, held):
        yield


@contextmanager
def folder_in_use(folder: Path) -> Iterator[None]:
    """Make a folder, and mark it as being filled by this process while the block runs."""
    lock = _lock_of(folder)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        folder.mkdir(mode=0o700)
        yield
    lock.unlink()


def is_dead(folder: Path) -> bool:
    """Whether the process that was filling the folder has ended."""
    with _lock_of(folder).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def remove_folder(folder: Path) -> None:
    """Remove a folder that nobody fills, and its mark."""
    if folder.exists():
        shutil.rmtree(folder)
    _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{LOCK_SUFFIX}")
