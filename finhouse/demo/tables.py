"""Write columns of numpy values to the tables of one OLTP schema, and what they are made of."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from finhouse.demo.clock import date_of, to_epoch
from finhouse.demo.identifiers import identifier_bytes

SCHEMAS = Path(__file__).parent.parent / "oltp" / "schemas"
HEX = np.array([list(f"{byte:02x}".encode()) for byte in range(256)], dtype=np.uint8)

Columns = dict[str, pa.Array]


class Tables:
    """The tables of one business in the OLTP database.

    Args:
        connection: to that database; None to ask for values alone.
        schema: its OLTP schema, made from ``oltp/schemas/<schema>.sql``.
        seed: the company's character; identifiers follow from it.
        utc_offset: how far the business's local time is ahead of UTC.
    """

    def __init__(
        self, connection: psycopg.Connection | None, schema: str, seed: int, utc_offset: timedelta
    ) -> None:
        self.connection, self.schema = connection, schema
        self.seed, self.utc_offset = seed, utc_offset

    def create(self) -> None:
        """Create the schema and its empty tables."""
        self.connection.execute((SCHEMAS / f"{self.schema}.sql").read_text())

    def ids(self, entity: str, rows: np.ndarray, twice: bool = False) -> pa.Array:
        """Identifiers as hexadecimal text: 32 characters, PostgreSQL's uuid, or 64."""
        parts = [HEX[identifier_bytes(self.seed, entity, rows)].reshape(len(rows), 32)]
        if twice:
            parts.append(parts[0][:, ::-1])
        text = np.ascontiguousarray(np.concatenate(parts, axis=1))
        width = text.shape[1]
        offsets = np.arange(0, (len(rows) + 1) * width, width, dtype=np.int64)
        return pa.LargeStringArray.from_buffers(
            len(rows), pa.py_buffer(offsets), pa.py_buffer(text)
        ).cast(pa.string())

    def times(self, times: np.ndarray) -> pa.Array:
        """Local milliseconds as timestamps with time zone."""
        return pa.array(to_epoch(times, self.utc_offset), pa.timestamp("ms", "UTC"))

    def copy(self, table: str, columns: Columns) -> int:
        """Append rows; return how many."""
        names = ", ".join(f'"{name}"' for name in columns)
        return self._copy_into(f"{self.schema}.{table} ({names})", columns)

    def update(self, table: str, columns: Columns) -> int:
        """Set columns of rows that are already there, by id; return how many."""
        names = list(columns)
        listed = ", ".join(names)
        self.connection.execute(
            f"create temp table changes on commit drop as "
            f"select {listed} from {self.schema}.{table} limit 0"
        )
        count = self._copy_into(f"changes ({listed})", columns)
        assignments = ", ".join(f"{name} = changes.{name}" for name in names if name != "id")
        self.connection.execute(
            f"update {self.schema}.{table} as t set {assignments} "
            "from changes where t.id = changes.id"
        )
        self.connection.execute("drop table changes")
        return count

    def delete(self, table: str, key: str, ids: pa.Array) -> int:
        """Delete rows by key; return how many."""
        self.connection.execute(
            f"delete from {self.schema}.{table} where {key} = any(%s::uuid[])", (ids.to_pylist(),)
        )
        return len(ids)

    def _copy_into(self, destination: str, columns: Columns) -> int:
        batch = pa.table(columns)
        if not batch.num_rows:
            return 0
        buffer = io.BytesIO()
        pa.csv.write_csv(batch, buffer, pa.csv.WriteOptions(include_header=False))
        with (
            self.connection.cursor() as cursor,
            cursor.copy(f"copy {destination} from stdin (format csv)") as copy,
        ):
            copy.write(buffer.getbuffer())
        return batch.num_rows


def labels(texts: tuple[str | None, ...], codes: np.ndarray) -> pa.Array:
    """The text of each code."""
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(texts, pa.string())
    ).cast(pa.string())


def nullable(values: pa.Array, is_valid: np.ndarray) -> pa.Array:
    """The values, null where they are not valid."""
    return pc.if_else(pa.array(is_valid), values, None)


def dates(days: np.ndarray) -> pa.Array:
    """Day numbers as dates."""
    return pa.array([date_of(int(day)) for day in days], pa.date32())


def money(cents: np.ndarray) -> pa.Array:
    """Cents as decimals."""
    # A 128-bit integer with the point moved: exact, without a pass over Python objects.
    low = cents.astype("<i8")
    words = np.ascontiguousarray(np.stack([low, low >> 63], axis=1))
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])


def money_text(cents: int) -> str:
    """12345 -> '123.45'."""
    sign, cents = "-" if cents < 0 else "", abs(int(cents))
    return f"{sign}{cents // 100}.{cents % 100:02d}"
