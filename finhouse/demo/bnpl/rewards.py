"""Cash-back, its tiers and programmes; premium subscriptions; reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finhouse.demo.bnpl.customers import IS_ACTIVE
from finhouse.demo.bnpl.vocabulary import (
    CASHBACK_DAYS,
    EARNED,
    LAPSED,
    NEVER,
    PLATFORM_RATE,
    PREMIUM_FEES,
    REDEEMED,
    REVERSED,
    TIER_BOUNDS,
)
from finhouse.demo.clock import DAY, HOUR, SECOND

if TYPE_CHECKING:
    from finhouse.demo.bnpl.company import Company

REWARDS_COLUMNS = {
    "customer": "i4",
    "tier": "i1",
    "earned": "i8",
    "created": "i8",
    "period": "i4",
    "updated": "i8",
    "changed": "i4",
}
CASHBACK_COLUMNS = {
    "account": "i4",
    "kind": "i1",
    "cents": "i8",
    "order": "i4",
    "at": "i8",
    "expires": "i4",
    # Of what was earned: what is neither redeemed, expired nor reversed.
    "left": "i8",
    "period": "i4",
}
PROGRAM_COLUMNS = {"merchant": "i4", "rate": "i4", "from": "i4", "to": "i4", "period": "i4"}
SUBSCRIPTION_COLUMNS = {
    "customer": "i4",
    "fee": "i8",
    "from": "i4",
    "to": "i4",
    "period": "i4",
    "changed": "i4",
}
_BASIS = 10_000


def reward(company: Company, rng: np.random.Generator) -> None:
    """What the day's orders earn and use, what expires, and what is taken back with goods."""
    _run_programs(company, rng)
    _open_accounts(company, rng)
    _expire(company)
    _reverse(company)
    orders = company.orders
    rows = np.flatnonzero(
        (orders["captured"] // DAY == company.periods) & (orders["captured"] >= 0)
    )
    rows = rows[company.customers["rewards"][orders["customer"][rows]] >= 0]
    _redeem(company, rng, rows)
    _earn(company, rows)
    _subscribe(company, rng)
    _review(company, rng)


def _run_programs(company: Company, rng: np.random.Generator) -> None:
    programs, merchants = company.programs, company.merchants
    if not company.periods:
        programs.append(
            merchant=-1, rate=int(PLATFORM_RATE * _BASIS), **{"from": 0, "to": NEVER}, period=0
        )
    active = np.flatnonzero(merchants["status"] == IS_ACTIVE)
    count = int(rng.random() < 0.06) + int(company.periods == 0)
    chosen = rng.choice(active, size=count)
    programs.append(
        merchant=chosen,
        rate=rng.choice([200, 300, 500], size=count),
        **{"from": company.periods, "to": company.periods + rng.integers(20, 90, count)},
        period=company.periods,
    )


def _open_accounts(company: Company, rng: np.random.Generator) -> None:
    customers = company.customers
    new = np.flatnonzero(
        (customers["rewards"] < 0) & (customers["level"] > 0) & (customers["status"] == IS_ACTIVE)
    )
    new = new[rng.random(len(new)) < 0.12]
    at = np.full(len(new), company.at(6)) + np.arange(len(new)) * SECOND
    customers["rewards"][new] = company.rewards.append(
        customer=new,
        tier=0,
        earned=0,
        created=at,
        period=company.periods,
        updated=at,
        changed=-1,
    )


def _move(
    company: Company,
    account: np.ndarray,
    kind: int,
    cents: np.ndarray,
    order: np.ndarray | int,
    at: np.ndarray | int,
) -> None:
    earned = kind == EARNED
    company.cashback.append(
        account=account,
        kind=np.full(len(account), kind),
        cents=cents,
        order=order,
        at=at,
        expires=company.periods + CASHBACK_DAYS if earned else -1,
        left=cents if earned else 0,
        period=company.periods,
    )


def _earn(company: Company, rows: np.ndarray) -> None:
    orders, programs, rewards = company.orders, company.programs, company.rewards
    merchant, today = orders["merchant"][rows], company.periods
    rate = np.zeros(len(rows), dtype=np.int64)
    for number in np.flatnonzero((programs["from"] <= today) & (programs["to"] >= today)):
        of = programs["merchant"][number]
        rate = np.maximum(rate, np.where((of < 0) | (merchant == of), programs["rate"][number], 0))
    cents = orders["cents"][rows] * rate // _BASIS
    some = cents > 0
    rows, cents = rows[some], cents[some]
    account = company.customers["rewards"][orders["customer"][rows]]
    at = orders["captured"][rows] + 30 * SECOND
    _move(company, account, EARNED, cents, rows, at)
    np.add.at(rewards["earned"], account, cents)
    account = np.unique(account)
    tier = np.searchsorted(TIER_BOUNDS, rewards["earned"][account], side="right")
    better = tier != rewards["tier"][account]
    rewards["tier"][account] = tier
    rewards["updated"][account[better]] = company.at(23.5)
    rewards["changed"][account[better]] = today


def _balance(company: Company, account: np.ndarray) -> np.ndarray:
    """Shape (n,): what each account may use today."""
    cashback = company.cashback
    sums = np.bincount(
        cashback["account"], weights=cashback["left"], minlength=company.rewards.size
    )
    return sums[account].astype(np.int64)


def _take(company: Company, account: int, cents: int) -> None:
    """Use up what an account earned, the oldest first."""
    cashback = company.cashback
    for lot in np.flatnonzero((cashback["account"] == account) & (cashback["left"] > 0)):
        used = min(int(cashback["left"][lot]), cents)
        cashback["left"][lot] -= used
        cents -= used
        if not cents:
            return


def _redeem(company: Company, rng: np.random.Generator, rows: np.ndarray) -> None:
    orders = company.orders
    rows = rows[rng.random(len(rows)) < 0.3]
    # One order of a customer a day.
    rows = rows[np.unique(orders["customer"][rows], return_index=True)[1]]
    account = company.customers["rewards"][orders["customer"][rows]]
    cents = np.minimum(_balance(company, account), orders["cents"][rows] // 5)
    some = cents >= 2_000
    rows, account, cents = rows[some], account[some], cents[some]
    for one, amount in zip(account, cents, strict=True):
        _take(company, int(one), int(amount))
    _move(company, account, REDEEMED, cents, rows, orders["captured"][rows] + 10 * SECOND)


def _expire(company: Company) -> None:
    cashback = company.cashback
    lots = np.flatnonzero((cashback["expires"] == company.periods - 1) & (cashback["left"] > 0))
    account, cents = cashback["account"][lots], cashback["left"][lots]
    cashback["left"][lots] = 0
    at = np.full(len(lots), company.at(3)) + np.arange(len(lots)) * SECOND
    _move(company, account, LAPSED, cents, -1, at)


def _reverse(company: Company) -> None:
    """Goods that go back take along what they earned, as far as it is not used."""
    refunds, cashback = company.refunds, company.cashback
    for number in np.flatnonzero(refunds["day"] == company.periods):
        order = refunds["order"][number]
        lots = np.flatnonzero((cashback["order"] == order) & (cashback["kind"] == EARNED))
        for lot in lots:
            share = int(refunds["cents"][number]) / int(company.orders["cents"][order])
            cents = min(int(cashback["left"][lot]), int(cashback["cents"][lot] * share))
            if cents > 0:
                cashback["left"][lot] -= cents
                _move(
                    company,
                    cashback["account"][[lot]],
                    REVERSED,
                    np.array([cents]),
                    np.array([order]),
                    refunds["at"][[number]] + 10 * SECOND,
                )


def _subscribe(company: Company, rng: np.random.Generator) -> None:
    customers, subscriptions = company.customers, company.subscriptions
    runs = subscriptions["to"] == NEVER
    able = np.flatnonzero((customers["status"] == IS_ACTIVE) & (customers["level"] > 0))
    able = able[~np.isin(able, subscriptions["customer"][runs])]
    new = able[rng.random(len(able)) < 0.0006]
    subscriptions.append(
        customer=new,
        fee=np.array(PREMIUM_FEES)[rng.integers(0, len(PREMIUM_FEES), len(new))],
        **{"from": company.periods, "to": NEVER},
        period=company.periods,
        changed=-1,
    )
    is_old = (subscriptions["to"] == NEVER) & (subscriptions["from"] < company.periods)
    ends = np.flatnonzero(is_old)
    ends = ends[rng.random(len(ends)) < 0.004]
    subscriptions["to"][ends] = company.periods
    subscriptions["changed"][ends] = company.periods


def _review(company: Company, rng: np.random.Generator) -> None:
    """Some orders of last week are reviewed; one in fifty reviews is taken back."""
    orders, reviews, merchants = company.orders, company.reviews, company.merchants
    rows = np.flatnonzero(
        (orders["captured"] // DAY == company.periods - 6) & (orders["captured"] >= 0)
    )
    rows = rows[rng.random(len(rows)) < 0.25]
    count = len(rows)
    liked = 3.9 + 0.25 * np.log(merchants["size"][orders["merchant"][rows]])
    liked = liked - 1.5 * (orders["refunded"][rows] > 0)
    reviews.append(
        order=rows,
        stars=np.clip(np.round(liked + rng.normal(0, 1.0, count)), 1, 5).astype(np.int64),
        at=np.full(count, company.at(9)) + rng.integers(0, 10 * HOUR, count),
        period=company.periods,
        deleted=-1,
    )
    kept = np.flatnonzero((reviews["deleted"] < 0) & (reviews["period"] == company.periods - 20))
    reviews["deleted"][kept[rng.random(len(kept)) < 0.06]] = company.periods
