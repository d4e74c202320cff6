"""Identifiers that need no memory: bytes that follow from a seed, an entity and a row number."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import numpy as np

# These stand in databases that exist already: never change one, and give a new entity none. Its
# number follows from its name, so that adding it moves no other.
FROZEN_NUMBERS = {
    "user": 1,
    "transaction": 2,
    "event": 3,
    "activity": 4,
    "bank": 5,
    "survey": 6,
    "case": 7,
    "spend": 8,
    "cost": 9,
    "incident": 10,
    "hash": 11,
    "branch": 12,
    "customer": 13,
    "account": 14,
    "account_type": 15,
    "entry": 16,
    "entry_type": 17,
    "transfer": 18,
    "payment": 19,
    "loan_product": 20,
    "loan": 21,
    "installment": 22,
    "repayment": 23,
    "collateral": 24,
    "investment_product": 25,
    "investment": 26,
    "earning": 27,
    "lender_cost": 28,
}
# A number has the upper 24 bits of a word to itself: numbers below 2^24 never meet there.
_FIRST_HASHED, _NUMBERS = 1_000, 2**24


@cache
def number_of(name: str) -> int:
    """The number of an entity: frozen, else from 1,000 to 2^24 by a hash of its name.

    An entity of a new business bears its domain (``bnpl_order``), so that names do not meet.
    """
    if name in FROZEN_NUMBERS:
        return FROZEN_NUMBERS[name]
    digest = int.from_bytes(sha256(name.encode()).digest()[:8], "big")
    return _FIRST_HASHED + digest % (_NUMBERS - _FIRST_HASHED)


def identifier_bytes(seed: int, entity: str, rows: np.ndarray) -> np.ndarray:
    """Shape (n, 16) bytes that identify rows of an entity: the same for the same seed, always."""
    key = np.uint64(seed * 1000 + number_of(entity))
    high = _mix(rows.astype(np.uint64) ^ (key << np.uint64(40)))
    low = _mix(high ^ key)
    return np.stack([high, low], axis=1).astype(">u8").view(np.uint8).reshape(-1, 16)


def _mix(values: np.ndarray) -> np.ndarray:
    """The splitmix64 finaliser: a bijection on 64-bit integers, so distinct stay distinct."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
