"""The demo company's distributor, living one period at a time.

A few customers and materials make most of the business, which grows, has its season and its week,
and loses most customers within a year. Stock is ordered again as it sells, and sometimes too late.

Dirt and disorder planted on purpose:
line types in mixed case and padded; lines posted days after their date, visible a day after newer
ones, corrected weeks later with or without touching updated_at, or deleted; quantities typed with
zeros too many and cancelled sixteen minutes later; cancellations and returns that do not name the
line they take back; stock levels that are missing, late or put right; counts that differ from the
system.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from finhouse.demo.clock import date_of
from finhouse.demo.commerce.customers import CUSTOMER_COLUMNS, open_accounts
from finhouse.demo.commerce.materials import MATERIAL_COLUMNS, list_materials, raise_prices
from finhouse.demo.commerce.mishaps import go_wrong
from finhouse.demo.commerce.orders import LINE_COLUMNS, sell
from finhouse.demo.commerce.reversals import REVERSAL_COLUMNS, reverse
from finhouse.demo.commerce.stock import (
    COUNT_COLUMNS,
    LEVEL_COLUMNS,
    PAIR_COLUMNS,
    PURCHASE_COLUMNS,
    carry,
    receive,
    reorder,
    take_stock,
)
from finhouse.demo.commerce.vocabulary import MONTHLY_RHYTHM, WEEKLY_RHYTHM
from finhouse.demo.identifiers import number_of
from finhouse.demo.ledger import Ledger
from finhouse.demo.living import LivingBusiness


class Company(LivingBusiness):
    """The ledgers of the distributor, and the order in which a period fills them.

    At scale 1 it has about 2,900 customers after 18 months.

    Attributes:
        pairs: shape (materials, offices), the row in ``stock`` of each material in the warehouse
            of each office; -1 where the office does not carry it.
        orders: numbers of orders given so far.
    """

    stream = (number_of("commerce"),)

    def __init__(self, seed: int, scale: float) -> None:
        super().__init__(seed, scale)
        self.customers = Ledger(**CUSTOMER_COLUMNS)
        self.materials = Ledger(**MATERIAL_COLUMNS)
        self.lines = Ledger(**LINE_COLUMNS)
        self.reversals = Ledger(**REVERSAL_COLUMNS)
        self.stock = Ledger(**PAIR_COLUMNS)
        self.purchases = Ledger(**PURCHASE_COLUMNS)
        self.levels = Ledger(**LEVEL_COLUMNS)
        self.counts = Ledger(**COUNT_COLUMNS)
        self.pairs = np.empty((0, 0), dtype=np.int64)
        self.orders = 0

    def live_period(self, rng: np.random.Generator) -> None:
        """One day of the distributor; the order of the draws makes the rows: it never changes."""
        list_materials(self, rng)
        carry(self, rng)
        raise_prices(self, rng)
        open_accounts(self, rng)
        receive(self)
        sell(self, rng)
        reverse(self, rng)
        reorder(self, rng)
        take_stock(self, rng)
        go_wrong(self, rng)

    @property
    def rhythm(self) -> float:
        """How much livelier than on average this day of the week is."""
        return WEEKLY_RHYTHM[date_of(self.periods).weekday()]

    @property
    def season(self) -> float:
        """How much livelier than on average this month is."""
        return MONTHLY_RHYTHM[date_of(self.periods).month - 1]

    @property
    def is_month_end(self) -> bool:
        """Whether this is the last day of its month."""
        return (date_of(self.periods) + timedelta(days=1)).day == 1
