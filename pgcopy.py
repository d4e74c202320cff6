"""PostgreSQL's binary COPY format, written by numpy for whole columns at a time.

Source of the format: PostgreSQL manual, COPY, "Binary Format", and the ``*_recv`` functions of
the types. A column is a byte matrix with one row per record, and the length of each value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from psycopg import Cursor, sql

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_ROWS_PER_CHUNK = 20_000
_NUMERIC_GROUPS = 5


@dataclass(frozen=True)
class Column:
    """Encoded values of one column.

    Attributes:
        octets: (rows, width) bytes; only the first ``lengths`` of each row are sent.
        lengths: bytes per value, -1 for null; None when every value has the full width.
    """

    octets: np.ndarray
    lengths: np.ndarray | None = None

    def where(self, present: np.ndarray) -> Column:
        """The same column, null wherever ``present`` is false."""
        width = self.octets.shape[1]
        lengths = np.full(len(self.octets), width) if self.lengths is None else self.lengths
        return Column(self.octets, np.where(present, lengths, -1).astype(np.int32))


def _big_endian(values: np.ndarray, dtype: str) -> Column:
    packed = np.ascontiguousarray(np.asarray(values).astype(dtype))
    return Column(packed.view(np.uint8).reshape(len(packed), -1))


def smallints(values: np.ndarray) -> Column:
    return _big_endian(values, ">i2")


def integers(values: np.ndarray) -> Column:
    return _big_endian(values, ">i4")


def bigints(values: np.ndarray) -> Column:
    return _big_endian(values, ">i8")


def timestamps(instants: np.ndarray) -> Column:
    """timestamptz from microseconds since 2000-01-01 UTC."""
    return _big_endian(instants, ">i8")


def dates(days: np.ndarray) -> Column:
    """date from days since 2000-01-01."""
    return _big_endian(days, ">i4")


def booleans(values: np.ndarray) -> Column:
    return Column(np.asarray(values).astype(np.uint8).reshape(-1, 1))


def fixed(octets: np.ndarray) -> Column:
    """Values of one width: uuids as 16 bytes, or ASCII text."""
    return Column(octets)


def numerics(values: np.ndarray, scale: int) -> Column:
    """numeric from whole numbers of 10 ** -scale (scale at most 4), e.g. cents and 2.

    Sent as base-10000 digits with leading zeros, which ``numeric_recv`` strips.
    """
    values = np.asarray(values, dtype=np.int64)
    fraction_first = np.abs(values) * 10 ** (4 - scale)
    parts = np.zeros((len(values), 4 + _NUMERIC_GROUPS), dtype=">i2")
    parts[:, 0] = _NUMERIC_GROUPS
    parts[:, 1] = _NUMERIC_GROUPS - 2
    parts[:, 2] = np.where(values < 0, 0x4000, 0)
    parts[:, 3] = scale
    for group in range(_NUMERIC_GROUPS):
        parts[:, 3 + _NUMERIC_GROUPS - group] = fraction_first % 10_000
        fraction_first = fraction_first // 10_000
    return Column(parts.view(np.uint8).reshape(len(values), -1))


def texts(codes: np.ndarray, vocabulary: Sequence[str]) -> Column:
    """text from positions in ``vocabulary``; a negative position is null."""
    words = [word.encode() for word in vocabulary]
    width = max(len(word) for word in words)
    matrix = np.frombuffer(b"".join(word.ljust(width) for word in words), dtype=np.uint8)
    codes = np.asarray(codes).astype(np.int64)
    known = np.maximum(codes, 0)
    lengths = np.array([len(word) for word in words])[known]
    return Column(matrix.reshape(len(words), width)[known], lengths).where(codes >= 0)


def constant(value: str, rows: int) -> Column:
    """The same text in every row."""
    return Column(np.broadcast_to(np.frombuffer(value.encode(), np.uint8), (rows, len(value))))


def encode(columns: Sequence[Column]) -> Iterator[bytes]:
    """A complete binary COPY stream of the rows, in chunks."""
    rows = len(columns[0].octets)
    yield _SIGNATURE
    for first in range(0, rows, _ROWS_PER_CHUNK):
        yield _encode_chunk(columns, slice(first, min(first + _ROWS_PER_CHUNK, rows)))
    yield _TRAILER


def _encode_chunk(columns: Sequence[Column], rows: slice) -> bytes:
    count = rows.stop - rows.start
    width = 2 + sum(4 + column.octets.shape[1] for column in columns)
    matrix = np.empty((count, width), dtype=np.uint8)
    sent = np.ones((count, width), dtype=bool)
    matrix[:, :2] = np.array([len(columns)], dtype=">i2").view(np.uint8)
    at = 2
    for column in columns:
        size = column.octets.shape[1]
        value = slice(at + 4, at + 4 + size)
        lengths = np.full(count, size) if column.lengths is None else column.lengths[rows]
        matrix[:, at : at + 4] = lengths.astype(">i4").view(np.uint8).reshape(count, 4)
        matrix[:, value] = column.octets[rows]
        if column.lengths is not None:
            sent[:, value] = np.arange(size)[None, :] < lengths[:, None]
        at += 4 + size
    return matrix[sent].tobytes()


def copy_rows(cursor: Cursor, table: sql.Composable, columns: Mapping[str, Column]) -> None:
    """COPY the rows into ``table``."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(table, names)
    with cursor.copy(statement) as copy:
        for chunk in encode(list(columns.values())):
            copy.write(chunk)
