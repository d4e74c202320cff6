"""The demo company's microfinance institution, living one period at a time.

Its customers are risk-graded: the grade moves how often a loan goes bad, an instalment is late or
an application is refused. Money moves through accounts whose balances never fall below zero.

Dirt and disorder planted on purpose:
statuses in mixed case and padded; payment call-backs delivered twice; payments of nobody; customers
and loans without a branch; repayments and deposits recorded days to weeks after their date; entries
voided later; balances corrected without an entry; failed payments deleted.
"""

from __future__ import annotations

import numpy as np

from finhouse.demo.clock import DAY, HOUR, date_of
from finhouse.demo.ledger import Ledger
from finhouse.demo.living import LivingBusiness
from finhouse.demo.microfinance.accounts import (
    ACCOUNT_COLUMNS,
    CUSTOMER_COLUMNS,
    ENTRY_COLUMNS,
    join,
)
from finhouse.demo.microfinance.books import COST_COLUMNS, keep_books
from finhouse.demo.microfinance.collection import collect
from finhouse.demo.microfinance.deposits import POSTING_COLUMNS, bank, post
from finhouse.demo.microfinance.investments import EARNING_COLUMNS, INVESTMENT_COLUMNS, invest
from finhouse.demo.microfinance.loans import (
    COLLATERAL_COLUMNS,
    CONTRACT_COLUMNS,
    INSTALLMENT_COLUMNS,
    LOAN_COLUMNS,
    lend,
)
from finhouse.demo.microfinance.mishaps import begin_next_day, go_wrong
from finhouse.demo.microfinance.payments import PAYMENT_COLUMNS
from finhouse.demo.microfinance.repayments import (
    INTENTION_COLUMNS,
    REPAYMENT_COLUMNS,
    fall_due,
    repay,
)
from finhouse.demo.microfinance.transfers import TRANSFER_COLUMNS, transfer
from finhouse.demo.microfinance.vocabulary import GROWTH, GROWTH_DAYS, WEEKLY_RHYTHM


class Company(LivingBusiness):
    """The ledgers of the institution, and the order in which a period fills them.

    At scale 1 it has about 3,200 customers after 18 months.
    """

    stream = (2,)

    def __init__(self, seed: int, scale: float) -> None:
        super().__init__(seed, scale)
        self.customers = Ledger(**CUSTOMER_COLUMNS)
        self.accounts = Ledger(**ACCOUNT_COLUMNS)
        self.entries = Ledger(**ENTRY_COLUMNS)
        self.postings = Ledger(**POSTING_COLUMNS)
        self.transfers = Ledger(**TRANSFER_COLUMNS)
        self.payments = Ledger(**PAYMENT_COLUMNS)
        self.loans = Ledger(**LOAN_COLUMNS)
        self.contracts = Ledger(**CONTRACT_COLUMNS)
        self.installments = Ledger(**INSTALLMENT_COLUMNS)
        self.intentions = Ledger(**INTENTION_COLUMNS)
        self.repayments = Ledger(**REPAYMENT_COLUMNS)
        self.collaterals = Ledger(**COLLATERAL_COLUMNS)
        self.investments = Ledger(**INVESTMENT_COLUMNS)
        self.earnings = Ledger(**EARNING_COLUMNS)
        self.costs = Ledger(**COST_COLUMNS)

    def live_period(self, rng: np.random.Generator) -> None:
        """One day of the institution; the order of the draws makes the rows: it never changes."""
        join(self, rng)
        post(self, rng)
        bank(self, rng)
        transfer(self, rng)
        keep_books(self, rng)
        lend(self, rng)
        fall_due(self, rng)
        repay(self, rng)
        collect(self, rng)
        invest(self, rng)
        go_wrong(self, rng)
        begin_next_day(self, rng)

    @property
    def growth(self) -> float:
        """How much larger than at scale 1 on the first day business is today."""
        return self.scale * GROWTH ** min(self.periods, GROWTH_DAYS)

    @property
    def rhythm(self) -> float:
        """How much livelier than on average this day of the week is."""
        return WEEKLY_RHYTHM[date_of(self.periods).weekday()]

    def times(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Shape (count,): moments of this day within opening hours."""
        hours = 6 + 15 * rng.beta(2.2, 2.4, count)
        return self.periods * DAY + (hours * HOUR).astype(np.int64)
