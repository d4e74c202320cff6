"""What is taken back: cancellations, exact and partial, and goods that return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, SECOND
from finhouse.demo.commerce.stock import put_back
from finhouse.demo.commerce.vocabulary import CANCELLATION, RETURN, texts

if TYPE_CHECKING:
    from finhouse.demo.commerce.company import Company

REVERSAL_COLUMNS = {
    "due": "i4",
    "at": "i8",
    "line": "i4",
    "cases": "i4",
    "kind": "i1",
    "names_line": "?",
}


def plan_reversals(company: Company, rng: np.random.Generator, rows: np.ndarray) -> None:
    """Decide which of the goods just ordered will be taken back, when, and how much of them.

    A quantity typed wrong is cancelled sixteen minutes later.
    """
    lines = company.lines.take(rows)
    orders, of = np.unique(lines["order"], return_inverse=True)
    is_cancelled = (rng.random(len(orders)) < 0.012)[of] | lines["is_mistake"]
    luck = rng.random(len(rows))
    is_cut = ~is_cancelled & (luck < 0.006) & (lines["ordered"] > 1)
    is_returned = ~is_cancelled & (luck > 0.975) & (lines["shipped"] > 0)
    part = rng.random(len(rows))
    cases = np.select(
        [is_cancelled, is_cut],
        [lines["ordered"], 1 + part * (lines["ordered"] - 1)],
        np.where(part < 0.5, lines["shipped"], 1 + 2 * (part - 0.5) * lines["shipped"]),
    ).astype(np.int64)
    # One wait an order, so that an order is cancelled as a whole.
    soon = (16 * 60 * SECOND + rng.exponential(HOUR, len(orders)).astype(np.int64))[of]
    days = np.where(rng.random(len(orders)) < 0.7, 0, rng.integers(1, 6, len(orders)))[of]
    soon = np.where(lines["is_mistake"], 16 * 60 * SECOND, soon)
    days = np.where(lines["is_mistake"], 0, days)
    days = np.where(is_returned, rng.integers(3, 46, len(rows)), days)
    latest = company.periods * DAY + 23 * HOUR
    taken = is_cancelled | is_cut | is_returned
    company.reversals.append(
        due=company.periods + days[taken],
        at=(np.minimum(lines["created"] + soon, latest) + days * DAY)[taken],
        line=rows[taken],
        cases=cases[taken],
        kind=np.where(is_returned, RETURN, CANCELLATION)[taken],
        names_line=(rng.random(len(rows)) < np.where(is_returned, 0.7, 0.5))[taken],
    )
    company.lines["is_taken_back"][rows[taken]] = True


def reverse(company: Company, rng: np.random.Generator) -> None:
    """Book what is due today: an order of its own for each order that it takes from."""
    is_due = company.reversals["due"] <= company.periods
    due = company.reversals.take(np.flatnonzero(is_due))
    company.reversals.drop(is_due)
    rows, cases = due["line"], due["cases"].astype(np.int64)
    of = company.lines.take(rows)
    keys = np.stack([of["order"], due["kind"]])
    orders, place = np.unique(keys, axis=1, return_inverse=True)
    place = place.reshape(-1)
    number = np.zeros(len(rows), dtype=np.int64)
    for found in range(orders.shape[1]):
        number[place == found] = np.arange(1, (place == found).sum() + 1)
    is_return = due["kind"] == RETURN
    back = np.minimum(cases, of["shipped"])
    shipped = np.maximum(of["shipped"], 1)
    company.lines.append(
        order=company.orders + place,
        number=number,
        text=texts(rng, due["kind"]),
        reverses=np.where(due["names_line"], rows, -1),
        customer=of["customer"],
        material=of["material"],
        office=of["office"],
        posted=company.periods,
        ordered=np.where(is_return, 0, -cases),
        shipped=-back,
        sales=-np.round(of["sales"] * back / shipped).astype(np.int64),
        cogs=-np.round(of["cogs"] * back / shipped).astype(np.int64),
        created=due["at"],
        updated=due["at"],
        is_mistake=of["is_mistake"],
        is_taken_back=True,
        # Never before the line it takes back.
        visible=np.maximum(of["visible"], company.periods),
        changed=-1,
        deleted=-1,
    )
    company.orders += orders.shape[1]
    put_back(company, of["material"], of["office"], np.where(of["is_mistake"], 0, back))
