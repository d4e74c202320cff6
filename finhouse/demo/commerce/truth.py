"""The distributor's own account of itself: figures from its ledgers, never by SQL over the result.

State at the last complete day: amounts are as they stand now, deleted lines are gone. What its own
shops take is no sale. Money is in cents until it is told.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from finhouse.demo.clock import month_numbers, month_of
from finhouse.demo.commerce.company import Company
from finhouse.demo.commerce.orders import COUNTER
from finhouse.demo.commerce.vocabulary import INTERNAL, OFFICES, SALE, TEXT_TYPE
from finhouse.demo.tables import money_text

_YEAR = 365


def figures(company: Company) -> dict:
    """Sums by month, cohorts, customers' scores and classes, offices, stock; money as text."""
    return _Account(company).tell()


def scores(values: np.ndarray) -> np.ndarray:
    """Shape (n,): 1 to 5 by the share of the others that are smaller; equal values score alike."""
    ordered = np.sort(values)
    smaller = np.searchsorted(ordered, values, side="left")
    return np.minimum(5, 1 + 5 * smaller // max(len(values) - 1, 1))


def classes(amounts: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Shape (n,): A, B or C by the share of all that is positive before each amount.

    Args:
        amounts: in cents; what is not positive is C.
        names: decide among equal amounts.
    """
    order = np.lexsort((names, -amounts))
    positive = np.maximum(amounts[order], 0)
    before = np.cumsum(positive) - positive
    total = positive.sum()
    found = np.where(100 * before < 80 * total, "A", np.where(100 * before < 95 * total, "B", "C"))
    result = np.empty(len(amounts), dtype="<U1")
    result[order] = np.where(positive > 0, found, "C")
    return result


def segment_of(recency: int, frequency: int, monetary: int) -> str:
    """The segment of three scores; the latter two count as their mean, rounded up."""
    value = (frequency + monetary + 1) // 2
    if value >= 4:
        return ("At Risk", "At Risk", "Loyal Customers", "Loyal Customers", "Champions")[
            recency - 1
        ]
    if recency <= 2:
        return "At Risk" if value == 3 else "Hibernating"
    if recency == 3:
        return "Need Attention" if value == 3 else "About to Sleep"
    if value >= 2:
        return "Potential Loyalists"
    return "New Customers" if recency == 5 else "Promising"


class _Account:
    def __init__(self, company: Company) -> None:
        self.company = company
        # Day number 0 is launch; the last complete one has number days - 1.
        self.days = company.periods
        self.month = month_numbers(self.days)
        ledger = company.lines
        is_there = (ledger["deleted"] < 0) & (ledger["visible"] < company.periods)
        group = np.append(company.customers["group"], -1)
        self.lines = ledger.take(np.flatnonzero(is_there & (group[ledger["customer"]] != INTERNAL)))
        self.every_line = ledger.take(np.flatnonzero(is_there))
        self.line_month = self.month[self.lines["posted"]]
        self.kind = TEXT_TYPE[self.lines["text"]]
        self.margin = self.lines["sales"] - self.lines["cogs"]
        self.is_purchase = (self.kind == SALE) & (self.lines["shipped"] > 0)
        known = self.lines["customer"] != COUNTER
        self.known = np.flatnonzero(known)
        self.customers = np.unique(self.lines["customer"][known])

    def tell(self) -> dict:
        return {
            "monthly": self._monthly(),
            "cohorts": self._cohorts(),
            "customers": self._customers(),
            "offices": self._offices(),
            "stock": self._stock(),
        }

    def _monthly(self) -> dict:
        found = {}
        first = self._first_months()
        for number in range(int(self.month[-1]) + 1):
            here = self.line_month == number
            customer = self.lines["customer"][here]
            found[month_of(number)] = {
                "net_sales": money_text(self.lines["sales"][here].sum()),
                "gross_margin": money_text(self.margin[here].sum()),
                "returns": money_text(self.lines["sales"][here & (self.kind != SALE)].sum()),
                "orders": len(np.unique(self.lines["order"][here & (self.kind == SALE)])),
                "active_customers": len(np.unique(customer[customer != COUNTER])),
                "new_customers": int((first == number).sum()),
            }
        return found

    def _first_months(self) -> np.ndarray:
        """Shape (customers,): month of each customer's first line."""
        rows = self.known
        place = np.searchsorted(self.customers, self.lines["customer"][rows])
        first = np.full(len(self.customers), np.iinfo(np.int64).max)
        np.minimum.at(first, place, self.line_month[rows])
        return first

    def _cohorts(self) -> dict:
        """By cohort and age in months: customers with a line, and their net sales."""
        first = self._first_months()
        rows = self.known
        place = np.searchsorted(self.customers, self.lines["customer"][rows])
        age = self.line_month[rows] - first[place]
        found: dict = defaultdict(dict)
        for cohort in np.unique(first):
            of_cohort = first[place] == cohort
            for number in np.unique(age[of_cohort]):
                here = of_cohort & (age == number)
                found[month_of(int(cohort))][str(number)] = {
                    "customers": len(np.unique(place[here])),
                    "net_sales": money_text(self.lines["sales"][rows][here].sum()),
                }
        return found

    def _customers(self) -> dict:
        """Totals of all customers, and how many have each score, segment input and class."""
        rows, count = self.known, len(self.customers)
        place = np.searchsorted(self.customers, self.lines["customer"][rows])
        sales = np.bincount(place, self.lines["sales"][rows], count).astype(np.int64)
        margin = np.bincount(place, self.margin[rows], count).astype(np.int64)
        bought = self.is_purchase[rows]
        last = np.full(count, -1)
        np.maximum.at(last, place[bought], self.lines["posted"][rows][bought])
        recent = self.lines["posted"][rows] > self.days - 1 - _YEAR
        year_sales = np.bincount(place[recent], self.lines["sales"][rows][recent], count).astype(
            np.int64
        )
        frequency = self._orders_of(place, bought)
        year_frequency = self._orders_of(place, bought & recent)
        buyers = np.flatnonzero(last >= 0)
        in_year = buyers[year_frequency[buyers] > 0]
        points = np.ones((3, count), dtype=np.int64)
        points[0, buyers] = scores(last[buyers])
        points[1, in_year] = scores(year_frequency[in_year])
        points[2, in_year] = scores(year_sales[in_year])
        rfm, numbers = np.unique(100 * points[0] + 10 * points[1] + points[2], return_counts=True)
        segments = [segment_of(*map(int, of_one)) for of_one in points.T]
        by_revenue = classes(sales, self.customers)
        by_profit = classes(margin, self.customers)
        combined, sizes = np.unique(np.char.add(by_revenue, by_profit), return_counts=True)
        return {
            "count": count,
            "never_bought": int((last < 0).sum()),
            "not_positive": int((sales <= 0).sum()),
            "monetary": money_text(sales.sum()),
            "profitability": money_text(margin.sum()),
            "frequency": int(frequency.sum()),
            "frequency_12m": int(year_frequency.sum()),
            "monetary_12m": money_text(year_sales.sum()),
            "recency_days": int((self.days - 1 - last[buyers]).sum()),
            "rfm_scores": dict(zip(rfm.astype(str).tolist(), numbers.tolist(), strict=True)),
            "segments": dict(Counter(segments)),
            "abc_combined": dict(zip(combined.tolist(), sizes.tolist(), strict=True)),
        }

    def _orders_of(self, place: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Shape (customers,): orders of each customer among the masked lines."""
        orders = self.lines["order"][self.known][mask]
        pairs = np.unique(np.stack([place[mask], orders]), axis=1)
        return np.bincount(pairs[0], minlength=len(self.customers))

    def _offices(self) -> dict:
        """Net sales and gross margin of goods by office, and materials that were ever sold."""
        is_goods = self.company.materials["is_goods"][self.lines["material"]]
        found = {}
        for number, office in enumerate(OFFICES):
            here = is_goods & (self.lines["office"] == number)
            if here.any():
                found[office[0]] = {
                    "revenue": money_text(self.lines["sales"][here].sum()),
                    "margin": money_text(self.margin[here].sum()),
                    "materials": len(np.unique(self.lines["material"][here])),
                }
        return found

    def _stock(self) -> dict:
        """Stock on the last day as far as it was told of, and what was ordered and shipped."""
        company, day = self.company, self.days - 1
        levels = company.levels
        last = levels.take(
            np.flatnonzero((levels["day"] == day) & (levels["visible"] < company.periods))
        )
        cost = company.materials["cost"][company.stock["material"][last["pair"]]]
        purchases = company.purchases
        lines = self.every_line
        is_sale = TEXT_TYPE[lines["text"]] == SALE
        is_sale &= company.materials["is_goods"][lines["material"]]
        received = purchases["received"] < company.periods
        return {
            "pairs": len(last["pair"]),
            "on_hand_units": int(last["on_hand"].sum()),
            "on_hand_value": money_text((last["on_hand"] * cost).sum()),
            "ordered_cases": int(lines["ordered"][is_sale].sum()),
            "shipped_cases": int(lines["shipped"][is_sale].sum()),
            "purchase_orders": purchases.size,
            "purchase_orders_received": int(received.sum()),
            "counts": company.counts.size,
            "counts_that_differ": int(
                (company.counts["counted"] != company.counts["system"]).sum()
            ),
            "demand": self._demand(),
        }

    def _demand(self) -> dict:
        """Cases ordered in the last year, by material: what was typed wrong is none."""
        lines = self.every_line
        kind = TEXT_TYPE[lines["text"]]
        here = (kind == SALE) & ~lines["is_mistake"] & (lines["posted"] > self.days - 1 - _YEAR)
        here &= self.company.materials["is_goods"][lines["material"]]
        cases = np.bincount(lines["material"][here], lines["ordered"][here])
        return {f"M{row:05d}": int(cases[row]) for row in np.flatnonzero(cases)}
