"""Identifiers and fixed traits as pure functions of (seed, purpose, row number).

A counter-based generator (splitmix64, Steele, Lea and Flood 2014) gives every row its uuid, its
hashes and its unchanging random traits without storing them: any row can be written again,
identically, at any time.
"""

from __future__ import annotations

import zlib

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def _mix(values: np.ndarray) -> np.ndarray:
    """The splitmix64 finaliser: a bijection on 64-bit numbers."""
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))


class Identifiers:
    """All identifiers of one company, told apart by its seed."""

    def __init__(self, seed: int) -> None:
        self._seed = np.uint64(seed % 2**64)

    def words(self, purpose: str, rows: np.ndarray, count: int) -> np.ndarray:
        """``count`` random 64-bit words per row number, as an array (rows, count)."""
        with np.errstate(over="ignore"):
            tag = np.array([zlib.crc32(purpose.encode())], dtype=np.uint64)
            key = _mix(_mix(tag + _GOLDEN) + self._seed)
            numbers = np.asarray(rows).astype(np.uint64)[:, None] * np.uint64(count)
            counters = numbers + np.arange(count, dtype=np.uint64)[None, :]
            return _mix(key + (counters + np.uint64(1)) * _GOLDEN)

    def uuids(self, purpose: str, rows: np.ndarray) -> np.ndarray:
        """Version 4 uuids as bytes, an array (rows, 16)."""
        octets = self.octets(purpose, rows, 16)
        octets[:, 6] = (octets[:, 6] & 0x0F) | 0x40
        octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
        return octets

    def octets(self, purpose: str, rows: np.ndarray, count: int) -> np.ndarray:
        """``count`` random bytes per row (a multiple of 8), an array (rows, count)."""
        words = self.words(purpose, rows, count // 8)
        return words.view(np.uint8).reshape(len(words), count)

    def hexes(self, purpose: str, rows: np.ndarray, characters: int) -> np.ndarray:
        """Hexadecimal text (``characters`` a multiple of 16) as bytes, (rows, characters)."""
        octets = self.octets(purpose, rows, characters // 2)
        text = np.empty((len(octets), characters), dtype=np.uint8)
        text[:, 0::2] = _HEX[octets >> 4]
        text[:, 1::2] = _HEX[octets & 15]
        return text

    def uniforms(self, purpose: str, rows: np.ndarray) -> np.ndarray:
        """One number in [0, 1) per row."""
        return (self.words(purpose, rows, 1)[:, 0] >> np.uint64(11)) * 2.0**-53
