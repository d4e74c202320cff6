"""One pass over a CSV file before it is loaded: fingerprint, header, completeness, shape.

DuckDB's reader is fast but forgiving in places: it accepts an empty cell too many at the end of
a line and skips blank lines. Counting line ends and commas here finds both, so that no row is
read other than it was written.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from finhouse.console import Progress
from finhouse.errors import SourceError

_BLOCK_BYTES = 1 << 22
_NEWLINE, _COMMA, _QUOTE = ord("\n"), ord(","), ord('"')
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_HEADER_BYTES = 1 << 16


@dataclass(frozen=True)
class CsvScan:
    """What one pass over the file found.

    Attributes:
        changed_ns: when content or attributes last changed, by the system's account.
        records: data records, without the header.
    """

    size_bytes: int
    changed_ns: int
    sha256: str
    records: int


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def scan_csv(path: Path, columns: Sequence[str]) -> CsvScan:
    """Read the file once and check everything that does not need parsing.

    Raises:
        SourceError: empty, another header than ``columns``, torn (no final line end), a NUL
            byte, an open quotation mark, or a record with too many or too few cells.
        OSError: it cannot be read.
    """
    status = path.stat()
    if status.st_size == 0:
        raise SourceError(
            f"{path.name} is empty: not even a header", "deliver the file again, or remove it"
        )
    _check_header(path, columns)
    digest, newlines, commas, inside_quotes = hashlib.sha256(), 0, 0, False
    last = b""
    progress = Progress(f"checking {path.name}", status.st_size, "bytes")
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            if b"\0" in block:
                line = newlines + block[: block.index(b"\0")].count(b"\n") + 1
                raise SourceError(
                    f"{path.name}, line {line}: holds a NUL byte", "deliver the file again as text"
                )
            ends, separators, inside_quotes = _count_outside_quotes(block, inside_quotes)
            newlines += ends
            commas += separators
            last = block[-1:]
            progress.advance(len(block))
    if last != b"\n":
        raise SourceError(
            f"{path.name}, line {newlines + 1}: the last line has no end: the file is torn",
            "deliver the complete file again",
        )
    if inside_quotes:
        raise _first_bad_record(path, columns) or SourceError(
            f"{path.name}: a quotation mark is opened and never closed",
            "deliver the complete file again, with quotation marks inside cells doubled",
        )
    per_record = len(columns) - 1
    if commas != newlines * per_record:
        raise _first_bad_record(path, columns) or SourceError(
            f"{path.name}: {commas} separators in {newlines} lines of {per_record} each",
            'put cells that contain a quotation mark into quotation marks, doubled: "a ""b"""',
        )
    return CsvScan(
        size_bytes=status.st_size,
        changed_ns=status.st_ctime_ns,
        sha256=digest.hexdigest(),
        records=newlines - 1,
    )


def refuse_bad_records(path: Path, columns: Sequence[str], expected: int, read: int) -> SourceError:
    """The error for a file of which the reader returned another number of records."""
    return _first_bad_record(path, columns) or SourceError(
        f"{path.name}: {expected} records were counted, but {read} were read",
        "deliver the file again as plain RFC 4180 CSV",
    )


def _check_header(path: Path, columns: Sequence[str]) -> None:
    with path.open("rb") as stream:
        line = stream.readline(_LONGEST_HEADER_BYTES)
    try:
        text = line.removeprefix(_BYTE_ORDER_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path.name}, line 1: the header is not UTF-8", "deliver the file again in UTF-8"
        ) from error
    found = next(csv.reader([text.rstrip("\r\n")]), [])
    if found != list(columns):
        raise SourceError(
            f"{path.name}, line 1: the header is not as declared"
            f"\n  expected: {', '.join(columns)}\n  found:    {', '.join(found)}"
            f"\n  {_header_difference(columns, found)}",
            "deliver the file with the declared header, or change columns in the source file",
        )


def _header_difference(expected: Sequence[str], found: Sequence[str]) -> str:
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    parts = [f"missing: {', '.join(missing)}"] if missing else []
    parts += [f"not declared: {', '.join(extra)}"] if extra else []
    return "; ".join(parts) or "the columns are in another order"


def _count_outside_quotes(block: bytes, inside: bool) -> tuple[int, int, bool]:
    """Line ends and commas outside quotation marks, and whether the block ends inside them."""
    if not inside and _QUOTE not in block:
        data = np.frombuffer(block, dtype=np.uint8)
        return int(np.count_nonzero(data == _NEWLINE)), int(np.count_nonzero(data == _COMMA)), False
    data = np.frombuffer(block, dtype=np.uint8)
    # Parity of the quotation marks so far; the sum wraps at 256, which keeps the parity.
    parity = np.cumsum(data == _QUOTE, dtype=np.uint8)
    outside = ((parity + np.uint8(inside)) & 1) == 0
    newlines = int(np.count_nonzero((data == _NEWLINE) & outside))
    commas = int(np.count_nonzero((data == _COMMA) & outside))
    return newlines, commas, not bool(outside[-1])


def _first_bad_record(path: Path, columns: Sequence[str]) -> SourceError | None:
    """The first record with another number of cells, found by a slow, careful second pass."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        line = 1
        try:
            for cells in reader:
                if len(cells) != len(columns):
                    shown = ",".join(cells)[:80]
                    return SourceError(
                        f"{path.name}, line {line}: {len(cells)} cells instead of {len(columns)}:"
                        f" {shown!r}",
                        "correct that line in the sending system and deliver the file again",
                    )
                line = reader.line_num + 1
        except csv.Error as error:
            return SourceError(
                f"{path.name}, line {line}: {error}", "deliver the file again as plain CSV"
            )
    return None
