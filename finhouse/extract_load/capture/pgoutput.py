"""Reading PostgreSQL's logical replication messages for one thing only: which keys changed.

Messages of output plugin ``pgoutput``, protocol version 1, as documented in PostgreSQL's manual,
"Logical Replication Message Formats". Values are left as the text PostgreSQL wrote.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

Key = tuple[str | None, ...]

_XIDS = 2**32
_BEGIN = struct.Struct(">QqI")
_COMMIT = struct.Struct(">BQQ")
_UINT16, _UINT32 = struct.Struct(">H"), struct.Struct(">I")
_NULL, _UNCHANGED, _TEXT = b"nut"
_OLD_TUPLES = b"KO"
# Of a column in a relation message: type id and type modifier follow its name.
_AFTER_COLUMN_NAME = 8


class _Unchanged:
    """Stands for a value stored out of line that an update did not touch: it is not sent."""


def lsn_number(text: str) -> int:
    """``16/B374D848`` as the number of the byte in the write-ahead log."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def lsn_text(number: int) -> str:
    """The way PostgreSQL writes a log position."""
    return f"{number >> 32:X}/{number & 0xFFFFFFFF:X}"


@dataclass(frozen=True)
class Snapshot:
    """Which transactions a snapshot sees, as ``pg_current_snapshot`` puts it."""

    xmin: int
    xmax: int
    in_progress: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """``"780:790:782,785"``: all below 780 have ended, those from 790 on had not begun."""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), frozenset(int(x) for x in running.split(",") if x))

    def sees(self, xid: int) -> bool:
        """Whether a committed transaction is visible; ``xid`` has 32 bits, as in the log."""
        # The 64-bit number with these low bits that lies nearest to the snapshot.
        full = self.xmax + (xid - self.xmax + _XIDS // 2) % _XIDS - _XIDS // 2
        return full < self.xmin or (full < self.xmax and full not in self.in_progress)


class ChangedKeys:
    """The keys that a stream of messages says were inserted, updated or deleted.

    Transactions come in the order of their commits. Iteration takes all that the snapshot sees:
    reading their keys on it brings a copy to its very state. One that it does not see has to come
    again, and with it all that follow.

    Attributes:
        end: log position before which everything was taken; None when the first was unseen.
        met_unseen: whether a transaction was met that the snapshot does not see.
        truncated: whether the table was emptied by TRUNCATE, which names no keys.
    """

    def __init__(self, messages: Iterable[bytes], key: Sequence[str], snapshot: Snapshot) -> None:
        self.end: int | None = None
        self.met_unseen = False
        self.truncated = False
        self._messages, self._key, self._snapshot = messages, key, snapshot
        self._positions: list[int] = []

    def __iter__(self) -> Iterator[Key]:
        is_seen = False
        for message in self._messages:
            kind = message[:1]
            if kind == b"B":
                _, _, xid = _BEGIN.unpack_from(message, 1)
                is_seen = self._snapshot.sees(xid)
                self.met_unseen = self.met_unseen or not is_seen
            elif kind == b"C":
                if not self.met_unseen:
                    _, _, self.end = _COMMIT.unpack_from(message, 1)
            elif kind == b"R":
                # Sent once only, be its transaction seen or not.
                names = _column_names(message)
                self._positions = [names.index(name) for name in self._key]
            elif is_seen and kind in (b"I", b"U", b"D"):
                yield from self._keys(message)
            elif is_seen and kind == b"T":
                self.truncated = True

    def _keys(self, message: bytes) -> Iterator[Key]:
        """The key after the change and, where it differs or there is none after, the one before."""
        at = 1 + _UINT32.size
        old: list[str | _Unchanged | None] | None = None
        if message[at] in _OLD_TUPLES:
            old, at = _read_tuple(message, at + 1)
            before = tuple(old[position] for position in self._positions)
            yield before
            if at == len(message):
                return
        new, _ = _read_tuple(message, at + 1)
        after = tuple(
            # PostgreSQL sends the old key whenever a part of it is stored out of line.
            old[position] if isinstance(new[position], _Unchanged) and old else new[position]
            for position in self._positions
        )
        if old is None or after != before:
            yield after


def _column_names(message: bytes) -> list[str]:
    at = message.index(b"\0", 1 + _UINT32.size) + 1
    # Past the table's name and the byte of its replica identity.
    at = message.index(b"\0", at) + 2
    (count,) = _UINT16.unpack_from(message, at)
    at += _UINT16.size
    names = []
    for _ in range(count):
        end = message.index(b"\0", at + 1)
        names.append(message[at + 1 : end].decode())
        at = end + 1 + _AFTER_COLUMN_NAME
    return names


def _read_tuple(message: bytes, at: int) -> tuple[list[str | _Unchanged | None], int]:
    """The values of a row that starts at ``at``, and where it ends."""
    (count,) = _UINT16.unpack_from(message, at)
    at += _UINT16.size
    values: list[str | _Unchanged | None] = []
    for _ in range(count):
        kind, at = message[at], at + 1
        if kind == _NULL:
            values.append(None)
        elif kind == _UNCHANGED:
            values.append(_Unchanged())
        elif kind == _TEXT:
            (size,) = _UINT32.unpack_from(message, at)
            at += _UINT32.size
            values.append(message[at : at + size].decode())
            at += size
        else:
            raise ValueError(f"unknown kind of value {chr(kind)!r} in a replication message")
    return values, at
