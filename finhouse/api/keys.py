"""API keys: made here, shown once, kept as argon2 hashes in a file of their owner's alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import stat
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from finhouse.errors import ConfigurationError, ServiceError
from finhouse.files import locked, read_json, write_whole

READ_KPI, READ_RESTRICTED, WRITE_PULSE = SCOPES = ("read:kpi", "read:restricted", "write:pulse")
# Recognised by scanners for secrets that were committed by mistake.
PREFIX = "fh"
# OWASP's least: random bits are no password that somebody could guess.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")


@dataclass(frozen=True)
class ApiKey:
    """A key, but for its secret.

    Attributes:
        id: part of the key itself, and what logs call it.
        name: who or what uses it.
        hash: argon2's, of the secret.
        scopes: what it may do.
        created_at: UTC, ISO 8601.
    """

    id: str
    name: str
    hash: str
    scopes: tuple[str, ...]
    created_at: str


class KeyRing:
    """The keys of one API.

    Args:
        home: the API's folder.
    """

    def __init__(self, home: Path) -> None:
        self.file = home / "keys.json"
        self._lock_file = home / "keys.lock"
        self._reading = threading.Lock()
        self._version: tuple[int, int] | None = None
        self._keys: dict[str, ApiKey] = {}
        # Keys that were presented and found good, by a digest that is of no use elsewhere: argon2
        # takes longer than all that an answer takes.
        self._pepper = secrets.token_bytes(32)
        self._good: dict[bytes, str] = {}

    def all(self) -> list[ApiKey]:
        """All keys, oldest first.

        Raises:
            ConfigurationError: others may read the file.
            ServiceError: the file is damaged.
        """
        return list(self._current().values())

    def add(self, name: str, scopes: Iterable[str]) -> str:
        """Make a key; return it as it is presented. It cannot be shown again.

        Raises:
            ConfigurationError: the name is taken or unfit, or a scope is unknown.
        """
        wanted = tuple(dict.fromkeys(scopes))
        if unknown := sorted(set(wanted) - set(SCOPES)):
            raise ConfigurationError(
                f"there is no scope {', '.join(unknown)}", f"use {', '.join(SCOPES)}"
            )
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is no name for a key",
                "use up to 64 letters, digits, spaces, points, hyphens and underscores",
            )
        secret = secrets.token_urlsafe(32)
        key = ApiKey(
            id=secrets.token_hex(4),
            name=name,
            hash=_HASHER.hash(secret),
            scopes=wanted,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

        def added(keys: list[ApiKey]) -> list[ApiKey]:
            if any(other.name == name for other in keys):
                raise ConfigurationError(
                    f"there is a key {name!r} already",
                    f"choose another name, or `finhouse api keys revoke {name!r}` first",
                )
            return [*keys, key]

        self._rewrite(added)
        return f"{PREFIX}_{key.id}_{secret}"

    def revoke(self, name: str) -> None:
        """Remove a key, by its name or its id; a running API refuses it from the next request on.

        Raises:
            ConfigurationError: there is no such key.
        """

        def removed(keys: list[ApiKey]) -> list[ApiKey]:
            left = [key for key in keys if name not in (key.name, key.id)]
            if len(left) == len(keys):
                known = ", ".join(key.name for key in keys) or "(none)"
                raise ConfigurationError(f"there is no key {name!r}", f"there are: {known}")
            return left

        self._rewrite(removed)

    def recognised(self, presented: str) -> ApiKey | None:
        """The key that was found good before, and is still there; costs no more than a digest."""
        known = self._good.get(self._digest(presented))
        return self._current().get(known) if known else None

    def presented_id(self, presented: str) -> str:
        """Id of the key that is said to be presented; empty where there is none of that id."""
        parts = presented.split("_", 2)
        is_known = len(parts) == 3 and parts[0] == PREFIX and parts[1] in self._current()
        return parts[1] if is_known else ""

    def identify(self, presented: str) -> ApiKey | None:
        """The key that was presented, or None; costs what argon2 costs.

        Raises:
            ConfigurationError, ServiceError: as ``all``.
        """
        key = self._current().get(self.presented_id(presented))
        if key is None:
            return None
        try:
            _HASHER.verify(key.hash, presented.split("_", 2)[2])
        except (Argon2Error, InvalidHashError):
            return None
        with self._reading:
            self._good[self._digest(presented)] = key.id
        return key

    def _digest(self, presented: str) -> bytes:
        return hmac.digest(self._pepper, presented.encode(), hashlib.sha256)

    def _current(self) -> dict[str, ApiKey]:
        """Keys by id; read again when the file has changed."""
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return {}
        version = (found.st_ino, found.st_mtime_ns)
        if version != self._version:
            with self._reading:
                self._check_private(found.st_mode)
                self._keys = {key.id: key for key in _read(self.file)}
                self._good.clear()
                self._version = version
        return self._keys

    def _check_private(self, mode: int) -> None:
        if stat.S_IMODE(mode) & 0o077:
            raise ConfigurationError(
                f"others than its owner may read {self.file}",
                f"chmod 600 {self.file}; if they may have read it, revoke its keys",
            )

    def _rewrite(self, change: Callable[[list[ApiKey]], list[ApiKey]]) -> None:
        busy = ServiceError("the keys are being changed by another command", "run this one again")
        with locked(self._lock_file, busy):
            keys = [asdict(key) for key in change(self.all())]
            write_whole(self.file, json.dumps(keys, indent=2), private=True)


def _read(file: Path) -> list[ApiKey]:
    return read_json(
        file,
        _parsed,
        ServiceError,
        f"restore {file} from a backup, or remove it and make new keys",
    )


def _parsed(found: Any) -> list[ApiKey]:
    if not isinstance(found, list):
        raise TypeError
    return [
        ApiKey(
            id=str(entry["id"]),
            name=str(entry["name"]),
            hash=str(entry["hash"]),
            scopes=tuple(map(str, entry["scopes"])),
            created_at=str(entry["created_at"]),
        )
        for entry in found
    ]
