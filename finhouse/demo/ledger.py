"""Growing tables of numpy columns, and identifiers that need no memory."""

from __future__ import annotations

import numpy as np

ENTITIES = {
    name: number
    for number, name in enumerate(
        (
            "user",
            "transaction",
            "event",
            "activity",
            "bank",
            "survey",
            "case",
            "spend",
            "cost",
            "incident",
            "hash",
            "branch",
            "customer",
            "account",
            "account_type",
            "entry",
            "entry_type",
            "transfer",
            "payment",
            "loan_product",
            "loan",
            "installment",
            "repayment",
            "collateral",
            "investment_product",
            "investment",
            "earning",
            "lender_cost",
        ),
        start=1,
    )
}


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


def _mix(values: np.ndarray) -> np.ndarray:
    """The splitmix64 finaliser: a bijection on 64-bit integers, so distinct stay distinct."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def identifier_bytes(seed: int, entity: str, rows: np.ndarray) -> np.ndarray:
    """Shape (n, 16) bytes that identify rows of an entity: the same for the same seed, always."""
    key = np.uint64(seed * 1000 + ENTITIES[entity])
    high = _mix(rows.astype(np.uint64) ^ (key << np.uint64(40)))
    low = _mix(high ^ key)
    return np.stack([high, low], axis=1).astype(">u8").view(np.uint8).reshape(-1, 16)
