"""A backup, opened: its files in plain, checked, for as long as they are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finhouse.errors import ConfigurationError
from finhouse.safety.cipher import ENDING, KEY_FILE, BackupKey
from finhouse.safety.files import folder_in_use, remove_folder
from finhouse.safety.manifest import Manifest, check_files
from finhouse.settings import Settings

# As the folder of a backup that is being made: what a kill leaves is found and removed alike.
INCOMING = ".incoming-"


@contextmanager
def opened(
    settings: Settings, folder: Path, manifest: Manifest, key: BackupKey | None
) -> Iterator[tuple[Path, Manifest]]:
    """A folder with the files of a backup in plain, and the manifest of these.

    Encrypted ones are decrypted into the house, beside the warehouse that they are a copy of, and
    removed again.

    Raises:
        ConfigurationError: the key is missing, or opens another backup.
        WarehouseError: a file is missing or damaged; named.
    """
    if manifest.encrypted_for is not None:
        if key is None:
            raise ConfigurationError(
                f"backup {folder.name} is encrypted for {manifest.encrypted_for}; no key is set",
                f"let {KEY_FILE} name the file with its key",
            )
        key.check(folder.name, manifest.encrypted_for)
    check_files(folder, manifest)
    if key is None or manifest.encrypted_for is None:
        yield folder, manifest
        return
    plain = settings.engine_home / f"{INCOMING}{folder.name}"
    remove_folder(plain)
    try:
        with folder_in_use(plain):
            for name in manifest.plain:
                key.decrypt(folder / f"{name}{ENDING}", plain / name)
            check_files(plain, manifest.decrypted)
            yield plain, manifest.decrypted
    finally:
        remove_folder(plain)
