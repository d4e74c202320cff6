"""Loans in arrears: restructured, written off, recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.clock import DAY, HOUR, date_of
from finhouse.demo.microfinance.lending import arrears_days
from finhouse.demo.microfinance.loans import agree, change_loans, contract_in_force, supersede
from finhouse.demo.microfinance.vocabulary import ACTIVE, RESTRUCTURED, WRITTEN_OFF

if TYPE_CHECKING:
    from finhouse.demo.microfinance.company import Company


def collect(company: Company, rng: np.random.Generator) -> None:
    """Restructure loans in arrears, write off those long in arrears, recover some of these."""
    loans = company.loans
    rows = np.flatnonzero(np.isin(loans["status"], (ACTIVE, RESTRUCTURED)))
    contract = contract_in_force(company, rows)
    days_late = arrears_days(contract, loans["paid"][rows], company.periods)
    outstanding = loans["amount"][rows] - loans["repaid"][rows]
    luck = rng.random(len(rows))
    month_end = date_of(company.periods).day == 28
    lost = (days_late > 150) & (luck < 0.55) & month_end
    loans["written_off"][rows[lost]] = company.periods
    loans["written_off_cents"][rows[lost]] = outstanding[lost]
    change_loans(company, rows[lost], WRITTEN_OFF, 21)

    eased = ~lost & (days_late > 30) & (days_late <= 150) & (contract.version == 1)
    eased &= (luck < 0.005) & (outstanding >= 100_000)
    chosen = rows[eased]
    supersede(company, chosen)
    months = np.maximum(contract.count[eased] // 2, 3) + 3
    agree(company, chosen, 2, outstanding[eased], months)
    loans["is_bad"][chosen] = rng.random(len(chosen)) < 0.35
    change_loans(company, chosen, RESTRUCTURED, 21)

    gone = np.flatnonzero((loans["written_off"] >= 0) & (loans["written_off"] < company.periods))
    part = np.round(loans["written_off_cents"][gone] * rng.uniform(0.03, 0.12, len(gone)))
    part = part.astype(np.int64)
    paying = rng.random(len(gone)) < 0.03
    paying &= loans["recovered"][gone] + part <= 0.6 * loans["written_off_cents"][gone]
    paying &= part > 0
    chosen = gone[paying]
    company.repayments.append(
        loan=chosen,
        payment=-1,
        day=company.periods,
        principal=part[paying],
        interest=0,
        penalty=0,
        created=company.periods * DAY + 20 * HOUR,
        period=company.periods,
    )
    loans["recovered"][chosen] += part[paying]
    change_loans(company, chosen, None, 20)
