"""One line of the benchmark table: a figure beside its baseline from the same run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """A median of ours beside the median of the baseline, both in seconds of the same run.

    Attributes:
        name: what was measured.
        seconds: ours.
        baseline_seconds: the limit it is compared with.
        aim: the ratio aimed at, as the reader should see it.
        peak_memory_mib: largest resident memory of our process, where it was measured.
    """

    name: str
    seconds: float
    baseline_seconds: float
    aim: str
    peak_memory_mib: float | None = None

    @property
    def ratio(self) -> float:
        return self.seconds / self.baseline_seconds
