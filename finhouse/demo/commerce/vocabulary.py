"""The distributor's words and numbers."""

from __future__ import annotations

import numpy as np

# Name, region, day from which it sells, share of the accounts.
OFFICES = (
    ("Johannesburg", "Gauteng", 0, 0.34),
    ("Cape Town", "Western Cape", 0, 0.22),
    ("Durban", "KwaZulu-Natal", 0, 0.17),
    ("Pretoria", "Gauteng", 0, 0.12),
    ("Gqeberha", "Eastern Cape", 60, 0.09),
    ("Bloemfontein", "Free State", 210, 0.06),
)
OPENED = np.array([office[2] for office in OFFICES])
OFFICE_SHARES = np.array([office[3] for office in OFFICES])

# Name, share of the accounts, discount, cases an order line in proportion to the smallest.
GROUPS = (
    ("retail", 0.62, 0.0, 1.0),
    ("wholesale", 0.18, 0.12, 4.0),
    ("hospitality", 0.20, 0.05, 1.6),
    ("internal", 0.0, 0.0, 1.0),
)
GROUP_SHARES = np.array([group[1] for group in GROUPS])
DISCOUNTS = np.array([group[2] for group in GROUPS])
SIZES = np.array([group[3] for group in GROUPS])
INTERNAL = 3

WEEKLY_RHYTHM = (1.28, 1.2, 1.12, 1.08, 1.02, 0.4, 0.08)
# The months before Christmas sell most, January least.
MONTHLY_RHYTHM = (0.78, 0.88, 0.97, 0.98, 0.95, 0.93, 0.95, 0.98, 1.02, 1.1, 1.28, 1.34)

# Materials that are no goods come first; their row numbers are these.
CHARGES = (("POSTAGE", "Postage and packing", 72_00, 85_00), ("BAD-DEBT", "Bad debt", 0, 0))
POSTAGE, BAD_DEBT = range(len(CHARGES))
BRANDS = ("Karoo", "Umlazi", "Protea", "Highveld", "Agulhas", "Baobab")
GOODS = (
    *("rooibos tea", "maize meal", "chutney", "sunflower oil", "ground coffee", "canned beans"),
    *("dish soap", "candles", "long-life milk", "rice", "biscuits", "washing powder"),
)

# Text of the line type, the type it means, and its share among the lines of that type.
SALE, RETURN, CANCELLATION = range(3)
LINE_TYPE_TEXTS = (
    ("SALE", SALE, 0.97),
    ("Sale", SALE, 0.02),
    (" SALE", SALE, 0.01),
    ("RETURN", RETURN, 0.95),
    ("return", RETURN, 0.05),
    ("CANCELLATION", CANCELLATION, 0.96),
    ("cancellation ", CANCELLATION, 0.04),
)
TEXT_TYPE = np.array([kind for _, kind, _ in LINE_TYPE_TEXTS])
TEXT_SHARES = np.array([share for _, _, share in LINE_TYPE_TEXTS])

NEVER = 10**6
"""A period that does not come."""


def texts(rng: np.random.Generator, kinds: np.ndarray) -> np.ndarray:
    """Shape (n,): the text that some service writes for each line type."""
    luck = rng.random(len(kinds))
    found = np.zeros(len(kinds), dtype=np.int8)
    for kind in (SALE, RETURN, CANCELLATION):
        of_kind = np.flatnonzero(kind == TEXT_TYPE)
        place = np.searchsorted(np.cumsum(TEXT_SHARES[of_kind]), luck, side="right")
        chosen = of_kind[np.minimum(place, len(of_kind) - 1)]
        found = np.where(kinds == kind, chosen, found)
    return found
