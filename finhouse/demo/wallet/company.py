"""The demo company's wallet, living one period at a time.

Dirt and disorder planted on purpose:
statuses in mixed case, padded, or SETTLED for COMPLETED; events delivered twice, hours to weeks
late; transactions that become visible a day after newer ones; amounts corrected months later, half
of them without touching updated_at; rows deleted; activity without a user; transactions without a
bank or with a bank nobody knows; incidents that overlap, cross midnight and month end, or are still
open when the day ends.
"""

from __future__ import annotations

import numpy as np

from finhouse.demo.clock import DAY, HOUR, period_bounds
from finhouse.demo.ledger import Ledger
from finhouse.demo.living import LivingBusiness
from finhouse.demo.wallet.activity import ACTIVITY_COLUMNS, be_active
from finhouse.demo.wallet.books import COST_COLUMNS, SPEND_COLUMNS, SURVEY_COLUMNS, book
from finhouse.demo.wallet.events import EVENT_COLUMNS
from finhouse.demo.wallet.fraud import CASE_COLUMNS, decide
from finhouse.demo.wallet.mishaps import correct, delete
from finhouse.demo.wallet.services import INCIDENT_COLUMNS, run_services
from finhouse.demo.wallet.transactions import (
    SCHEDULE_COLUMNS,
    TRANSACTION_COLUMNS,
    settle,
    transact,
)
from finhouse.demo.wallet.users import USER_COLUMNS, sending_rates, sign_up
from finhouse.demo.wallet.vocabulary import HOURLY_RHYTHM


class Company(LivingBusiness):
    """The ledgers of the wallet, and the order in which a period fills them."""

    # The first business: its stream bears the seed and the period alone.
    stream = ()

    def __init__(self, seed: int, scale: float) -> None:
        super().__init__(seed, scale)
        self.users = Ledger(**USER_COLUMNS)
        self.transactions = Ledger(**TRANSACTION_COLUMNS)
        self.activity = Ledger(**ACTIVITY_COLUMNS)
        self.events = Ledger(**EVENT_COLUMNS)
        self.schedule = Ledger(**SCHEDULE_COLUMNS)
        self.cases = Ledger(**CASE_COLUMNS)
        self.incidents = Ledger(**INCIDENT_COLUMNS)
        self.spend = Ledger(**SPEND_COLUMNS)
        self.costs = Ledger(**COST_COLUMNS)
        self.surveys = Ledger(**SURVEY_COLUMNS)

    def live_period(self, rng: np.random.Generator) -> None:
        """One day of the wallet; the order of the draws makes the rows, so it never changes."""
        start, end = period_bounds(self.periods)
        run_services(self, rng, start)
        settle(self, rng, start)
        decide(self)
        known_users = sign_up(self, rng)
        rates = sending_rates(self, known_users, start)
        rows = transact(self, rng, rates, start, end)
        be_active(self, rng, rates, rows, start)
        book(self, rng, start)
        correct(self, rng, start)
        delete(self, rng)

    def times(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Shape (count,): moments of this period that follow the rhythm of the day."""
        hours = rng.choice(24, size=count, p=HOURLY_RHYTHM / HOURLY_RHYTHM.sum())
        day = np.where(hours < 2, self.periods + 1, self.periods)
        return day * DAY + hours * HOUR + rng.integers(0, HOUR, count)
