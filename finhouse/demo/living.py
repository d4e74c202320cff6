"""What every business of the demo company has in common: it lives one period at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from finhouse.demo.clock import period_bounds


class LivingBusiness(ABC):
    """State of a business after ``periods`` periods; a subclass adds its ledgers.

    Every draw of a period comes from one stream seeded by (seed, period, *stream), so the same
    business is the same to the last row however its days are grouped into runs, and each lives as
    if the others were not there. ``live`` only computes: what must be written follows from the
    periods its ledgers hold (see ``declarations``).

    Args:
        seed: the company's character; the same seed and scale live the same life.
        scale: size, 1 = about 20,000 users of the wallet in 18 months.

    Attributes:
        stream: tells the stream of a business from those of the others; a new business takes
            ``(number_of("<domain>"),)``.
        periods: periods lived; the last complete day has number ``periods - 1``.
    """

    stream: tuple[int, ...]

    def __init__(self, seed: int, scale: float) -> None:
        self.seed, self.scale, self.periods = seed, scale, 0

    @property
    def now(self) -> int:
        """The moment the business stands at, in local milliseconds."""
        return period_bounds(self.periods - 1)[1] if self.periods else 0

    def live(self) -> None:
        """Live one period."""
        self.live_period(np.random.default_rng([self.seed, self.periods, *self.stream]))
        self.periods += 1

    @abstractmethod
    def live_period(self, rng: np.random.Generator) -> None:
        """Let everything happen that happens in period number ``periods``, drawing from ``rng``."""
