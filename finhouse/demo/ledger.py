"""Growing tables of numpy columns."""

from __future__ import annotations

import numpy as np


class Ledger:
    """A struct of arrays that grows at its end; row numbers never change.

    Args:
        **columns: name and numpy dtype of each column.
    """

    def __init__(self, **columns: str) -> None:
        self.size = 0
        self._buffers = {name: np.empty(1024, dtype) for name, dtype in columns.items()}

    def __getitem__(self, column: str) -> np.ndarray:
        """The filled part of a column, as a view: writing to it changes the ledger."""
        return self._buffers[column][: self.size]

    def append(self, **values: np.ndarray | int | float) -> np.ndarray:
        """Append rows, given by column (scalars are repeated); return their row numbers."""
        count = next((len(value) for value in values.values() if np.ndim(value)), 1)
        first, last = self.size, self.size + count
        for name, buffer in self._buffers.items():
            if last > len(buffer):
                grown = np.empty(max(last, 2 * len(buffer)), buffer.dtype)
                grown[:first] = buffer[:first]
                self._buffers[name] = buffer = grown
            buffer[first:last] = values[name]
        self.size = last
        return np.arange(first, last)

    def take(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The given rows, by column."""
        return {name: self[name][rows] for name in self._buffers}

    def drop(self, mask: np.ndarray) -> None:
        """Remove the rows where ``mask`` is true (row numbers change: for queues only)."""
        for buffer in self._buffers.values():
            kept = buffer[: self.size][~mask]
            buffer[: len(kept)] = kept
        self.size -= int(mask.sum())
