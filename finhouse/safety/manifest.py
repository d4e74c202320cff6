"""What a backup says of itself: a manifest, and the checksums that its files are held against."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.extract_load.files.scan import sha256_of

# Raised when an older finhouse could not restore what a newer one backs up. Of format 1 are backups
# without checksums of tables, without what is beside the warehouse, and never encrypted.
FORMAT = 2
_SINCE_2 = ("checksums", "beside", "encrypted_for", "plain")
MANIFEST_FILE = "manifest.json"
# The warehouse: a DuckDB file, or an archive of pg_dump.
WAREHOUSE_FILES = {"duckdb": "warehouse.duckdb", "postgres": "warehouse.dump"}
PUBLISHED_FILE = "published.duckdb"


@dataclass(frozen=True)
class FilePrint:
    """Size and SHA-256 (hexadecimal) of a file of the backup."""

    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> FilePrint:
        return cls(path.stat().st_size, sha256_of(path))


@dataclass(frozen=True)
class Manifest:
    """One backup.

    Attributes:
        finhouse: version that made it.
        target: warehouse engine, as in ``Settings.target``.
        identity: of the warehouse (``Warehouse.identity``).
        engine: name and version of the database that wrote the copy.
        taken_at: UTC, as ISO 8601.
        last_load: when the last load it holds was committed, UTC; None without one.
        last_publication: id of the last publication it records; None without one.
        readers: roles that have rights in it; Postgres only.
        tables: rows by ``schema.table``.
        files: its files by name.
        checksums: of the rows of each table, whatever their order; by ``schema.table``.
        beside: rows and checksum of each table of what is kept beside the warehouse, by what it is.
        encrypted_for: public key of those who can read it; None if it is not encrypted.
        plain: of an encrypted one the files as they are when decrypted, by name.
        format: in which it is written.
    """

    finhouse: str
    target: str
    identity: str
    engine: str
    taken_at: str
    last_load: str | None
    last_publication: str | None
    readers: tuple[str, ...]
    tables: Mapping[str, int]
    files: Mapping[str, FilePrint]
    checksums: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    encrypted_for: str | None = None
    plain: Mapping[str, FilePrint] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def decrypted(self) -> Manifest:
        """The same of the files in plain."""
        return replace(self, files=self.plain, encrypted_for=None, plain={})

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files.values())

    def text(self) -> str:
        """The manifest as it is written, with a checksum of its own."""
        said = asdict(self)
        if self.format == 1:
            said = {name: value for name, value in said.items() if name not in _SINCE_2}
        return _rendered(said | {"sha256": _digest(said)})


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(_rendered(said).encode()).hexdigest()


def _rendered(said: Mapping[str, Any]) -> str:
    return json.dumps(said, indent=2, sort_keys=True) + "\n"


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        ConfigurationError: the folder holds no backup, or one of a newer format.
        WarehouseError: the manifest is damaged.
    """
    path = backup / MANIFEST_FILE
    try:
        written = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{backup} is no backup: {MANIFEST_FILE} cannot be read ({error.strerror})",
            "name a folder that `finhouse backup` has made",
        ) from error
    try:
        said = json.loads(written)
        digest = said.pop("sha256")
        # Of a newer format, too: what is damaged is no newer version's.
        if digest != _digest(said):
            raise _damaged(path, "its content does not have its checksum")
        found_format = said["format"]
        if found_format > FORMAT:
            raise ConfigurationError(
                f"backup {backup.name} has format {found_format}, written by finhouse"
                f" {said.get('finhouse')}; this finhouse reads format {FORMAT}",
                "restore it with that version",
            )
        for listed in said.keys() & {"files", "plain"}:
            said[listed] = {name: FilePrint(**file) for name, file in said[listed].items()}
        manifest = Manifest(**said | {"readers": tuple(said["readers"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, "it cannot be read") from error
    if manifest.text().encode() != written:
        raise _damaged(path, "its content does not have its checksum")
    return manifest


def check_files(backup: Path, manifest: Manifest) -> None:
    """Hold every file of a backup against its checksum.

    Raises:
        WarehouseError: a file is missing or differs; named.
    """
    for name, expected in manifest.files.items():
        path = backup / name
        try:
            found = FilePrint.of(path)
        except OSError as error:
            raise _damaged(path, f"it cannot be read ({error.strerror})") from error
        if found.size_bytes != expected.size_bytes:
            raise _damaged(
                path, f"it has {found.size_bytes:,} bytes instead of {expected.size_bytes:,}"
            )
        if found != expected:
            raise _damaged(path, f"its SHA-256 is {found.sha256}, not {expected.sha256}")


def _damaged(path: Path, why: str) -> WarehouseError:
    return WarehouseError(
        f"backup file {path} is damaged: {why}; nothing was changed",
        "restore another backup, or copy this one again from where it is kept",
    )
