"""Merchant activity files as the payments platform drops them, with its kinds of bad rows."""

from __future__ import annotations

import io
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

PRODUCTS = {
    "POS": (0.25, ("CARD_TRANSACTION", "CASH_WITHDRAWAL", "TRANSFER"), (0.6, 0.25, 0.15)),
    "AIRTIME": (0.18, ("AIRTIME_PURCHASE", "DATA_PURCHASE"), (0.7, 0.3)),
    "BILLS": (
        0.16,
        ("ELECTRICITY", "CABLE_TV", "BETTING", "INTERNET", "WATER"),
        (0.35, 0.24, 0.15, 0.15, 0.11),
    ),
    "SAVINGS": (
        0.125,
        ("DEPOSIT", "WITHDRAWAL", "AUTO_SAVE", "INTEREST_CREDIT"),
        (0.45, 0.31, 0.145, 0.095),
    ),
    "CARD_PAYMENT": (0.105, ("SUPPLIER_PAYMENT", "INVOICE_PAYMENT"), (0.6, 0.4)),
    "MONIEBOOK": (0.11, ("SALE_RECORDED", "INVENTORY_UPDATE", "EXPENSE_LOGGED"), (0.5, 0.3, 0.2)),
    "KYC": (
        0.07,
        ("DOCUMENT_SUBMITTED", "VERIFICATION_COMPLETED", "TIER_UPGRADE"),
        (0.49, 0.365, 0.145),
    ),
}
STATUSES, STATUS_SHARES = ("SUCCESS", "FAILED", "PENDING"), (0.92, 0.05, 0.03)
CHANNELS = ("POS", "APP", "USSD", "WEB", "OFFLINE")
REGIONS = ("LAGOS", "ABUJA", "KANO", "RIVERS", "OYO", "ENUGU", "KADUNA")
TIERS, TIER_SHARES = ("STARTER", "VERIFIED", "PREMIUM"), (0.45, 0.4, 0.15)
MERCHANTS = 9_800
ROWS_AT_ONCE = 250_000
BAD_ROWS = 2e-4
FIRST_DAY, FIRST_DAYS = date(2026, 6, 28), 3


def write_first_files(folder: Path, seed: int, scale: float) -> list[Path]:
    """Write the files the company begins with: the last days of its first 18 months."""
    return write_activity_files(
        folder,
        days=FIRST_DAYS,
        rows_per_day=max(500, int(20_000 * scale)),
        seed=seed,
        start=FIRST_DAY,
    )


def write_activity_files(
    folder: Path, *, days: int, rows_per_day: int, seed: int, start: date
) -> list[Path]:
    """Write ``activities_YYYYMMDD.csv`` for so many days; each file appears whole or not at all.

    Memory stays constant however many rows a day has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number in range(days):
        day = start + timedelta(days=number)
        path = folder / f"activities_{day:%Y%m%d}.csv"
        incoming = folder / f".{path.name}.incoming"
        rng = np.random.default_rng([seed, number])
        with incoming.open("wb") as file:
            for first in range(0, rows_per_day, ROWS_AT_ONCE):
                batch = _rows(rng, day, min(ROWS_AT_ONCE, rows_per_day - first))
                options = pa.csv.WriteOptions(include_header=first == 0, quoting_style="none")
                buffer = io.BytesIO()
                pa.csv.write_csv(batch, buffer, options)
                data = buffer.getvalue()
                # The header is written quoted; the platform writes it bare.
                if first == 0:
                    header, rest = data.split(b"\n", 1)
                    data = header.replace(b'"', b"") + b"\n" + rest
                file.write(data)
        incoming.replace(path)
        files.append(path)
    return files


def _rows(rng: np.random.Generator, day: date, count: int) -> pa.Table:
    names = list(PRODUCTS)
    product = rng.choice(len(names), size=count, p=[PRODUCTS[name][0] for name in names])
    events, first_event, shares = [], [], []
    for name in names:
        first_event.append(len(events))
        events += PRODUCTS[name][1]
        shares.append(np.cumsum(PRODUCTS[name][2]))
    luck = rng.random(count)
    event = np.zeros(count, dtype=np.int32)
    for place in range(len(names)):
        chosen = product == place
        event[chosen] = first_event[place] + np.searchsorted(shares[place][:-1], luck[chosen])
    # A few merchants make most of the business.
    merchant = (MERCHANTS * rng.random(count) ** 1.6).astype(np.int64)
    amount = np.round(np.exp(rng.normal(8.6, 1.5, count)), 2)
    amount = np.where(product == names.index("KYC"), 0.0, amount)
    seconds = np.sort(rng.integers(0, 86_400, count))
    moment = np.datetime64(day, "s") + seconds
    tier = np.searchsorted(np.cumsum(TIER_SHARES)[:-1], (merchant * 0.6180339887) % 1)

    merchant_text = pa.array(np.char.add("MRC-", np.char.zfill(merchant.astype(str), 6)))
    amount_text = pc.cast(pa.array(amount), pa.string())
    moment_text = pa.array(np.datetime_as_string(moment, unit="s"))
    bad = rng.random((4, count)) < BAD_ROWS
    other_day = pa.scalar(f"{day - timedelta(days=1)}T10:00:00")
    moment_text = pc.if_else(pa.array(bad[2]), pa.scalar("NOT-A-DATE"), moment_text)
    moment_text = pc.if_else(pa.array(bad[3]), other_day, moment_text)
    return pa.table(
        {
            "event_id": _uuids(rng, count),
            "merchant_id": pc.if_else(pa.array(bad[0]), pa.scalar(""), merchant_text),
            "event_timestamp": moment_text,
            "product": _labels(names, product),
            "event_type": _labels(events, event),
            "amount": pc.if_else(pa.array(bad[1]), pa.scalar("INVALID"), amount_text),
            "status": _labels(STATUSES, rng.choice(3, size=count, p=STATUS_SHARES)),
            "channel": _labels(CHANNELS, rng.integers(0, len(CHANNELS), count)),
            "region": _labels(REGIONS, merchant % len(REGIONS)),
            "merchant_tier": _labels(TIERS, tier),
        }
    )


def _labels(labels: list[str] | tuple[str, ...], codes: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(list(labels))
    ).cast(pa.string())


def _uuids(rng: np.random.Generator, count: int) -> pa.Array:
    text = rng.bytes(16 * count).hex()
    parts = (0, 8, 12, 16, 20, 32)
    return pa.array(
        [
            "-".join(text[at + a : at + b] for a, b in pairwise(parts))
            for at in range(0, 32 * count, 32)
        ]
    )
