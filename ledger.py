"""The company's own memory: one compact row per thing that exists or is going to happen.

A :class:`Store` is a growing table of numpy columns. It knows which of its rows are new to the
database, changed or gone since the last save, and writes itself out as appended and changed
pieces, so that saving a day costs a day's worth of bytes however old the company is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_FIRST_CAPACITY = 1024


@dataclass(frozen=True)
class Changes:
    """Row numbers to insert, update and delete in the database, each in ascending order."""

    inserted: np.ndarray
    updated: np.ndarray
    deleted: np.ndarray


@dataclass(frozen=True)
class Piece:
    """Saved rows of a store: appended ones, or the new content of ``rows``."""

    rows: np.ndarray | None
    count: int
    payload: bytes


class Store:
    """A growing table of columns, addressed by row number."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._arrays = {
            name: np.zeros(_FIRST_CAPACITY, dtype=np.dtype(kind)) for name, kind in columns.items()
        }
        self.size = 0
        self._saved = 0
        self._forget()

    def _forget(self) -> None:
        self._shown: list[np.ndarray] = []
        self._touched: list[np.ndarray] = []
        self._removed: list[np.ndarray] = []
        self._marked: list[np.ndarray] = []

    def __getitem__(self, name: str) -> np.ndarray:
        """A writable view of a column. Tell :meth:`touch` or :meth:`mark` what was written."""
        return self._arrays[name][: self.size]

    def append(self, **columns: np.ndarray | int | float) -> np.ndarray:
        """Add rows; scalars are repeated. Returns their row numbers."""
        if columns.keys() != self._arrays.keys():
            raise ValueError(f"columns {sorted(columns)} are not {sorted(self._arrays)}")
        count = max(np.size(values) for values in columns.values() if np.ndim(values))
        self._reserve(self.size + count)
        rows = np.arange(self.size, self.size + count)
        for name, values in columns.items():
            self._arrays[name][self.size : self.size + count] = values
        self.size += count
        return rows

    def _reserve(self, size: int) -> None:
        capacity = len(next(iter(self._arrays.values())))
        if size > capacity:
            larger = max(size, capacity + capacity // 2)
            for name, array in self._arrays.items():
                grown = np.zeros(larger, dtype=array.dtype)
                grown[: self.size] = array[: self.size]
                self._arrays[name] = grown

    def show(self, rows: np.ndarray) -> None:
        """These rows appear in the database."""
        self._shown.append(rows)

    def touch(self, rows: np.ndarray) -> None:
        """These rows, already shown, changed in the database."""
        self._touched.append(rows)

    def remove(self, rows: np.ndarray) -> None:
        """These rows, already shown, are deleted from the database."""
        self._removed.append(rows)

    def mark(self, rows: np.ndarray) -> None:
        """These rows changed in a way the database does not show."""
        self._marked.append(rows)

    def changes(self) -> Changes:
        """What the database has to learn since the last save."""
        shown, touched, removed = map(_union, (self._shown, self._touched, self._removed))
        return Changes(
            inserted=np.setdiff1d(shown, removed, assume_unique=True),
            updated=np.setdiff1d(np.setdiff1d(touched, shown), removed),
            deleted=np.setdiff1d(removed, shown, assume_unique=True),
        )

    def pieces(self) -> list[Piece]:
        """What has to be saved of this store since the last save."""
        written = _union([*self._shown, *self._touched, *self._removed, *self._marked])
        changed = written[written < self._saved]
        found = []
        if self.size > self._saved:
            new = np.arange(self._saved, self.size)
            found.append(Piece(None, len(new), self._dump(new)))
        if len(changed):
            found.append(Piece(changed, len(changed), self._dump(changed)))
        return found

    def saved(self) -> None:
        """Everything up to now is saved."""
        self._saved = self.size
        self._forget()

    def restore(self, piece: Piece) -> None:
        """Take back a piece; pieces must come in the order they were saved."""
        at, columns = 0, {}
        for name, array in self._arrays.items():
            columns[name] = np.frombuffer(piece.payload, array.dtype, piece.count, at)
            at += piece.count * array.dtype.itemsize
        if piece.rows is None:
            self.append(**columns)
        else:
            for name, values in columns.items():
                self._arrays[name][piece.rows] = values
        self._saved = self.size

    def _dump(self, rows: np.ndarray) -> bytes:
        return b"".join(array[rows].tobytes() for array in self._arrays.values())


def _union(parts: list[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)


_INSTANT, _CENTS = "i8", "i8"



class Ledger:
    """All stores of the company. Instants are microseconds since 2000 UTC, money is cents.

    users: ``rate`` and ``activity_rate`` are expected transactions and activity events per
        ordinary day; ``ends`` is the day the user loses interest; ``gone``: deleted.
    transactions: ``amount`` now and ``original`` as first written, ``terminal`` the instant of
        the terminal event, ``score`` the sentinel score in tenths, ``flags`` see below.
    agenda: what will happen: on day ``due``, ``kind`` to row ``ref``, with one ``detail``.
    """

    def __init__(self) -> None:
        self.users = Store(
            {
                "created": _INSTANT,
                "last_active": _INSTANT,
                "updated": _INSTANT,
                "joined": "i2",
                "ends": "i2",
                "rate": "f4",
                "activity_rate": "f4",
                "source": "i1",
                "status": "i1",
                "referrer": "i4",
                "doomed": "u1",
                "gone": "u1",
            }
        )
        self.transactions = Store(
            {
                "sender": "i4",
                "recipient": "i4",
                "created": _INSTANT,
                "terminal": _INSTANT,
                "updated": _INSTANT,
                "amount": "i4",
                "original": "i4",
                "processing_ms": "i4",
                "score": "i2",
                "status": "i1",
                "bank": "i1",
                "error": "i1",
                "flags": "u1",
            }
        )
        self.activity = Store({"user": "i4", "at": _INSTANT, "kind": "i1", "gone": "u1"})
        self.agenda = Store({"due": "i2", "kind": "i1", "ref": "i4", "detail": "i4"})
        self.cases = Store(
            {
                "transaction": "i4",
                "reported": _INSTANT,
                "resolved": _INSTANT,
                "updated": _INSTANT,
                "outcome": "i1",
                "loss": _CENTS,
            }
        )
        self.incidents = Store(
            {
                "service": "i1",
                "severity": "i1",
                "started": _INSTANT,
                "ends": _INSTANT,
                "is_open": "u1",
            }
        )
        self.banks = Store(
            {
                "status": "i1",
                "end_day": "i4",
                "users": "i4",
                "transactions": "i8",
                "volume": _CENTS,
                "created": _INSTANT,
                "updated": _INSTANT,
            }
        )
        self.marketing = Store({"day": "i2", "campaign": "i1", "amount": _CENTS})
        self.costs = Store(
            {
                "month": "i2",
                "category": "i1",
                "amount": _CENTS,
                "created": _INSTANT,
                "updated": _INSTANT,
            }
        )
        self.surveys = Store({"bank": "i1", "at": _INSTANT, "score": "i1"})

    def stores(self) -> dict[str, Store]:
        """Every store by name, parents before children."""
        return dict(vars(self))
