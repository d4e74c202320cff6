"""The words of the provider: what its codes mean, and the constants of its life."""

from __future__ import annotations

from datetime import date

import numpy as np

# name, share of customers
REGIONS = (
    ("Addis Ababa", 0.42),
    ("Oromia", 0.20),
    ("Amhara", 0.14),
    ("Sidama", 0.07),
    ("Tigray", 0.06),
    ("Dire Dawa", 0.06),
    ("Harari", 0.05),
)
NO_REGION = len(REGIONS)
REGION_SHARES = np.array([share for _, share in REGIONS])

# Hidden from the source, which only sees scores: 0 is the best.
GRADE_SHARES = (0.22, 0.30, 0.25, 0.15, 0.08)
SCORE_MEANS = np.array([770, 715, 655, 595, 540])
GOES_BAD = np.array([0.01, 0.025, 0.06, 0.13, 0.26])
PUNCTUAL = np.array([0.93, 0.88, 0.81, 0.72, 0.60])

PAY_IN_4, PAY_IN_30, PAY_OVER_TIME, PAY_IN_FULL = range(4)
PLAN_TYPES = ("PAY_IN_4", "PAY_IN_30", "PAY_OVER_TIME", "PAY_IN_FULL")
PLAN_SHARES = np.array([0.44, 0.18, 0.30, 0.16])
# A plan over time is for larger purchases, in cents.
LEAST_OVER_TIME = 500_000
TERMS = np.array([6, 9, 12, 18, 24])
RATES = np.array([0.15, 0.165, 0.18, 0.195, 0.21, 0.22])

# name, parent
CATEGORIES = (
    ("Electronics", -1),
    ("Phones", 0),
    ("Computers", 0),
    ("Home", -1),
    ("Furniture", 3),
    ("Appliances", 3),
    ("Fashion", -1),
    ("Groceries", -1),
    ("Health and beauty", -1),
    ("Education", -1),
)
# Median price of the category, in cents.
CATEGORY_PRICES = np.array(
    [
        900_000,
        1_400_000,
        2_600_000,
        400_000,
        1_100_000,
        1_500_000,
        220_000,
        90_000,
        130_000,
        600_000,
    ]
)

APP, WEB, QR, VIRTUAL_CARD = range(4)
CHANNELS = ("app", "web", "qr", "virtual_card")
CHANNEL_SHARES = (0.48, 0.22, 0.18, 0.12)

METHODS = ("TELEBIRR", "MPESA", "CBE_BIRR", "CARD")
CARD = 3
METHOD_SHARES = (0.48, 0.12, 0.22, 0.18)
METHOD_FAILS = np.array([0.045, 0.07, 0.06, 0.085])
LATE_METHOD = 2  # Transfers of the bank that are booked days later.

PENDING, SUCCESS, FAILED, CHARGEBACK = range(4)
# Text as the services write it, and the outcome it means.
OUTCOME_TEXTS = (
    ("PENDING", PENDING),
    ("pending", PENDING),
    ("SUCCESS", SUCCESS),
    ("Success", SUCCESS),
    (" SUCCESS", SUCCESS),
    ("FAILED", FAILED),
    ("failed ", FAILED),
    ("CHARGEBACK", CHARGEBACK),
)

PLACED, CAPTURED, CANCELLED, REFUNDED, PARTIALLY_REFUNDED = range(5)
ORDER_STATUSES = ("PLACED", "CAPTURED", "CANCELLED", "REFUNDED", "PARTIALLY_REFUNDED")
DRAFT, ACTIVE, COMPLETED, DEFAULTED, PLAN_CANCELLED = range(5)
PLAN_STATUSES = ("DRAFT", "ACTIVE", "COMPLETED", "DEFAULTED", "CANCELLED")
NOT_DUE, DUE, OVERDUE, PAID, SKIPPED, WRITTEN_OFF = range(6)
INSTALLMENT_STATUSES = ("PENDING", "DUE", "OVERDUE", "PAID", "SKIPPED", "WRITTEN_OFF")
SUBMITTED, APPROVED, REJECTED, EXPIRED = range(4)
KYC_STATUSES = ("SUBMITTED", "APPROVED", "REJECTED", "EXPIRED")
REJECT_REASONS = ("document_unreadable", "name_mismatch", "underage", "register_unavailable")
YES, NO, REFERRED = range(3)
DECISIONS = ("APPROVED", "DECLINED", "REFERRED")
NO_REASON = 4
REASONS = ("LOW_SCORE", "LIMIT_EXCEEDED", "THIN_FILE", "MANUAL_REVIEW", None)
MEMBER_STATUSES = ("ACTIVE", "SUSPENDED", "CLOSED")
FOR_MERCHANT, FOR_CUSTOMER = range(2)
OUTCOMES = ("MERCHANT", "CUSTOMER")
DISPUTE_REASONS = ("not_delivered", "defective", "wrong_item", "not_recognised")
EARNED, REDEEMED, LAPSED, REVERSED = range(4)
CASHBACK_KINDS = ("EARNED", "REDEEMED", "EXPIRED", "REVERSED")
TIERS = ("BRONZE", "SILVER", "GOLD", "PLATINUM")
# Cash-back earned so far, in cents, from which an account is in the next tier.
TIER_BOUNDS = np.array([10_000, 40_000, 120_000])
SUBJECTS = ("customer", "merchant", "order", "plan")
HOLD_REASONS = ("court order", "fraud investigation", "tax audit", "consumer complaint")
AUTHORITIES = ("Federal High Court", "Financial Intelligence Service", "Ministry of Revenues")

# What a customer means to pay: all that is due, a part of it, the next instalment with it, the
# whole plan, more than the whole plan, something after the write-off.
ALL_DUE, PART, AHEAD, PAYOFF, TOO_MUCH, RECOVERY = range(6)

LATE_FEE, GRACE_DAYS = 5_000, 3
DEFAULT_DAYS, WRITE_OFF_DAYS = 90, 180
CASHBACK_DAYS = 180
# The platform's own programme; those of merchants are on top of it.
PLATFORM_RATE = 0.01
PREMIUM_FEES = (9_900, 19_900)

# Public holidays on which nothing is settled; the seed bnpl_holidays has the same days.
_HOLIDAYS = """
2025-01-07 2025-01-19 2025-03-02 2025-03-31 2025-04-18 2025-04-20 2025-05-01 2025-05-05 2025-05-28
2025-06-06 2025-09-05 2025-09-11 2025-09-27 2026-01-07 2026-01-19 2026-03-02 2026-03-20 2026-04-10
2026-04-12 2026-05-01 2026-05-05 2026-05-27 2026-05-28 2026-08-26 2026-09-11 2026-09-27 2027-01-07
2027-01-19 2027-03-02 2027-03-10 2027-04-30 2027-05-01 2027-05-02 2027-05-05 2027-05-16 2027-05-28
2027-08-15 2027-09-12 2027-09-28
"""
HOLIDAYS = frozenset(map(date.fromisoformat, _HOLIDAYS.split()))

WEEKLY_RHYTHM = (0.92, 0.9, 0.95, 1.0, 1.15, 1.25, 0.83)  # Monday to Sunday
# January to December: Christmas and Easter, and the new year in September.
MONTHLY_RHYTHM = (1.1, 0.92, 0.96, 1.12, 1.0, 0.9, 0.88, 0.97, 1.25, 1.0, 0.95, 0.95)
GROWTH, GROWTH_DAYS = 1.0026, 620
NEVER = 2**31 - 1
# What one customer pays for at once, in cents, by day: once above what has to be reported, and
# three times within a week just below it.
BULK_ORDERS = {250: 31_000_000, 420: 24_500_000, 422: 24_500_000, 425: 24_500_000}
