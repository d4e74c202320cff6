"""The files that businesses of the demo company drop into the landing folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from finhouse.console import console
from finhouse.demo.business import Files, chosen
from finhouse.errors import SourceError
from finhouse.files import read_json, write_whole


def ensure_files(
    landing: Path,
    *,
    seed: int,
    scale: float,
    home: Path,
    withdraw: Callable[[str, str], None],
    domains: Iterable[str] | None = None,
) -> None:
    """Put each business's files into its empty folder; take ours back once others lie there.

    Invented numbers are never mixed with real ones.

    Args:
        landing: the folder that has a folder for each source of files.
        seed, scale: the company's character and size.
        home: folder of the lists of our files.
        withdraw: given a source and a file's name, removes its rows from the raw layer.
        domains: businesses whose files are wanted; None for all.

    Raises:
        ConfigurationError: there is no business of such a domain.
    """
    for domain, business in chosen(domains).items():
        if business.files:
            _ensure(domain, business.files, landing / domain, seed, scale, home, withdraw)


def _ensure(
    domain: str,
    files: Files,
    folder: Path,
    seed: int,
    scale: float,
    home: Path,
    withdraw: Callable[[str, str], None],
) -> None:
    manifest = home / files.manifest
    ours = _listed(manifest, folder) if manifest.exists() else set()
    present = {path.name for path in folder.glob(files.pattern)}
    if present - ours:
        for name in sorted(ours):
            (folder / name).unlink(missing_ok=True)
            withdraw(domain, name)
        if ours:
            console.print(f"  files of your own are there: the demo's {domain} files are withdrawn")
        # Last, so that a run killed before here takes the rest back next time.
        manifest.unlink(missing_ok=True)
    elif not present:
        written = files.write(folder, seed, scale)
        write_whole(manifest, json.dumps([path.name for path in written]))


def _listed(manifest: Path, folder: Path) -> set[str]:
    """Names of our files; without the list they cannot be told from those of the user."""
    return read_json(
        manifest,
        _names,
        SourceError,
        f"delete it, and with it the files in {folder} unless they are your own",
    )


def _names(found: Any) -> set[str]:
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise TypeError
    return set(found)
