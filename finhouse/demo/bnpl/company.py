"""The demo company's pay-later provider, living one period at a time.

Its customers have a grade that no table shows: scores follow it at a distance, and it moves how
often a plan goes bad or an instalment is late. What is owed is poured out anew each day, so that a
charge-back or a refund changes what is late from its own day on.

Dirt and disorder planted on purpose:
statuses in mixed case and padded; call-backs delivered twice under one idempotency key; attempts
that fail, stay pending and are tried again; payments booked days to weeks after they arrived;
charge-backs weeks later, of plans that were completed, too; overpaid plans; plans whose rate is
against the rules; payments as large as must be reported, and just below; customers without a
region; products without a category; failed attempts and reviews deleted.
"""

from __future__ import annotations

import numpy as np

from finhouse.demo.bnpl.audit import EVENT_COLUMNS
from finhouse.demo.bnpl.collecting import INTENTION_COLUMNS, PAYMENT_COLUMNS, check_out, collect
from finhouse.demo.bnpl.credit import ASSESSMENT_COLUMNS, review_limits
from finhouse.demo.bnpl.customers import CUSTOMER_COLUMNS, KYC_COLUMNS, join, verify
from finhouse.demo.bnpl.dunning import FEE_COLUMNS, dun
from finhouse.demo.bnpl.merchants import MERCHANT_COLUMNS, PRODUCT_COLUMNS, trade
from finhouse.demo.bnpl.mishaps import HOLD_COLUMNS, begin_next_day, go_wrong
from finhouse.demo.bnpl.orders import ORDER_COLUMNS, buy_in_bulk, shop
from finhouse.demo.bnpl.plans import INSTALLMENT_COLUMNS, PLAN_COLUMNS
from finhouse.demo.bnpl.returns import DISPUTE_COLUMNS, REFUND_COLUMNS, take_back
from finhouse.demo.bnpl.rewards import (
    CASHBACK_COLUMNS,
    PROGRAM_COLUMNS,
    REWARDS_COLUMNS,
    SUBSCRIPTION_COLUMNS,
    reward,
)
from finhouse.demo.bnpl.settling import LINE_COLUMNS, SETTLEMENT_COLUMNS, settle
from finhouse.demo.bnpl.vocabulary import GROWTH, GROWTH_DAYS, MONTHLY_RHYTHM, WEEKLY_RHYTHM
from finhouse.demo.clock import DAY, HOUR, date_of
from finhouse.demo.identifiers import number_of
from finhouse.demo.ledger import Ledger
from finhouse.demo.living import LivingBusiness

REVIEW_COLUMNS = {"order": "i4", "stars": "i1", "at": "i8", "period": "i4", "deleted": "i4"}


class Company(LivingBusiness):
    """The ledgers of the provider, and the order in which a period fills them.

    At scale 1 it has about 5,500 customers and 20,000 orders after 18 months.

    Attributes:
        last_event: row of the last event of each audited thing, by table and row.
        keys: idempotency keys given so far.
        checked_out: plans that have been at the checkout.
    """

    stream = (number_of("bnpl"),)

    def __init__(self, seed: int, scale: float) -> None:
        super().__init__(seed, scale)
        self.customers = Ledger(**CUSTOMER_COLUMNS)
        self.verifications = Ledger(**KYC_COLUMNS)
        self.merchants = Ledger(**MERCHANT_COLUMNS)
        self.products = Ledger(**PRODUCT_COLUMNS)
        self.orders = Ledger(**ORDER_COLUMNS)
        self.assessments = Ledger(**ASSESSMENT_COLUMNS)
        self.plans = Ledger(**PLAN_COLUMNS)
        self.installments = Ledger(**INSTALLMENT_COLUMNS)
        self.payments = Ledger(**PAYMENT_COLUMNS)
        self.intentions = Ledger(**INTENTION_COLUMNS)
        self.fees = Ledger(**FEE_COLUMNS)
        self.refunds = Ledger(**REFUND_COLUMNS)
        self.disputes = Ledger(**DISPUTE_COLUMNS)
        self.settlements = Ledger(**SETTLEMENT_COLUMNS)
        self.lines = Ledger(**LINE_COLUMNS)
        self.reviews = Ledger(**REVIEW_COLUMNS)
        self.rewards = Ledger(**REWARDS_COLUMNS)
        self.cashback = Ledger(**CASHBACK_COLUMNS)
        self.programs = Ledger(**PROGRAM_COLUMNS)
        self.subscriptions = Ledger(**SUBSCRIPTION_COLUMNS)
        self.events = Ledger(**EVENT_COLUMNS)
        self.holds = Ledger(**HOLD_COLUMNS)
        self.last_event: dict[tuple[int, int], int] = {}
        self.keys = 0
        self.checked_out = 0

    def live_period(self, rng: np.random.Generator) -> None:
        """One day of the provider; the order of the draws makes the rows: it never changes."""
        trade(self, rng)
        join(self, rng)
        verify(self, rng)
        review_limits(self, rng)
        shop(self, rng)
        buy_in_bulk(self, rng)
        check_out(self, rng)
        collect(self, rng)
        take_back(self, rng)
        dun(self, rng)
        reward(self, rng)
        settle(self, rng)
        go_wrong(self, rng)
        begin_next_day(self, rng)

    @property
    def growth(self) -> float:
        """How much larger than at scale 1 on the first day business is today."""
        return self.scale * GROWTH ** min(self.periods, GROWTH_DAYS)

    @property
    def rhythm(self) -> float:
        """How much livelier than on average this day is."""
        today = date_of(self.periods)
        return WEEKLY_RHYTHM[today.weekday()] * MONTHLY_RHYTHM[today.month - 1]

    def times(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Shape (count,): moments of this day at which people shop."""
        hours = 7 + 14 * rng.beta(2.6, 1.9, count)
        return self.periods * DAY + (hours * HOUR).astype(np.int64)

    def at(self, hour: float) -> int:
        """An hour of this day."""
        return self.periods * DAY + int(hour * HOUR)
