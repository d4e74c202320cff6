"""The words of the institution: what its codes mean, and the constants of its life."""

from __future__ import annotations

import numpy as np

# name, region, day it opened, weight
BRANCHES = (
    ("Nairobi Central", "Nairobi", 0, 0.26),
    ("Mombasa", "Coast", 0, 0.17),
    ("Kisumu", "Nyanza", 0, 0.15),
    ("Nakuru", "Rift Valley", 0, 0.14),
    ("Eldoret", "Rift Valley", 0, 0.11),
    ("Nyeri", "Central", 0, 0.09),
    ("Kakamega", "Western", 181, 0.08),
)
NO_BRANCH = len(BRANCHES)
GRADES, GRADE_SHARES = ("A", "B", "C", "D", "E"), (0.22, 0.30, 0.25, 0.15, 0.08)
REFUSED = np.array([0.03, 0.07, 0.16, 0.32, 0.55])
GOES_BAD = np.array([0.005, 0.012, 0.026, 0.05, 0.10])
PUNCTUAL = np.array([0.92, 0.87, 0.80, 0.70, 0.58])

SAVINGS, CURRENT = range(2)
# code, name, annual interest rate, monthly fee in cents
ACCOUNT_TYPES = (
    ("SAVINGS", "Savings account", 0.06, 0),
    ("CURRENT", "Current account", 0.0, 5_000),
)

# code, name, direction, whether the customer initiates it
ENTRY_TYPES = (
    ("DEPOSIT", "Deposit", "CREDIT", True),
    ("WITHDRAWAL", "Withdrawal", "DEBIT", True),
    ("TRANSFER_IN", "Transfer received", "CREDIT", False),
    ("TRANSFER_OUT", "Transfer sent", "DEBIT", True),
    ("LOAN_DISBURSEMENT", "Loan disbursed", "CREDIT", False),
    ("LOAN_FEE", "Loan processing fee", "DEBIT", False),
    ("LOAN_REPAYMENT", "Loan repaid from the account", "DEBIT", True),
    ("INTEREST", "Interest on the balance", "CREDIT", False),
    ("ACCOUNT_FEE", "Account fee", "DEBIT", False),
    ("INVESTMENT_PURCHASE", "Investment bought", "DEBIT", True),
    ("INVESTMENT_EARNING", "Investment earning paid", "CREDIT", False),
    ("INVESTMENT_RETURN", "Investment paid back", "CREDIT", False),
)
(
    DEPOSIT,
    WITHDRAWAL,
    TRANSFER_IN,
    TRANSFER_OUT,
    LOAN_DISBURSEMENT,
    LOAN_FEE,
    LOAN_REPAYMENT,
    INTEREST,
    ACCOUNT_FEE,
    INVESTMENT_PURCHASE,
    INVESTMENT_EARNING,
    INVESTMENT_RETURN,
) = range(len(ENTRY_TYPES))
ENTRY_SIGN = np.array([1 if direction == "CREDIT" else -1 for _, _, direction, _ in ENTRY_TYPES])
BY_CUSTOMER = np.array([by_customer for *_, by_customer in ENTRY_TYPES])

# code, name, annual flat rate, terms in months, median amount in cents, fee rate, secured, share
LOAN_PRODUCTS = (
    ("GROUP", "Group loan", 0.24, (4, 6), 1_500_000, 0.010, False, 0.34),
    ("BUSINESS", "Business loan", 0.20, (6, 9, 12), 6_000_000, 0.015, True, 0.30),
    ("EMERGENCY", "Emergency advance", 0.0, (2, 3), 600_000, 0.030, False, 0.16),
    ("ASSET", "Asset finance", 0.18, (12, 18), 15_000_000, 0.020, True, 0.10),
    ("SCHOOL", "School fees loan", 0.16, (3, 6), 2_500_000, 0.010, False, 0.10),
)
# code, name, annual rate, term in months, least amount in cents, share
INVESTMENT_PRODUCTS = (
    ("FD3", "Fixed deposit, 3 months", 0.09, 3, 500_000, 0.5),
    ("FD6", "Fixed deposit, 6 months", 0.105, 6, 1_000_000, 0.3),
    ("FD12", "Fixed deposit, 12 months", 0.12, 12, 1_000_000, 0.2),
)
COLLATERAL_KINDS = ("land_title", "vehicle_logbook", "household_goods", "business_stock")
# Operating costs by month: category, base in KES, growth a month.
COSTS = (
    ("salaries", 210_000.0, 1.03),
    ("rent", 46_000.0, 1.01),
    ("it_and_communication", 34_000.0, 1.02),
    ("field_travel", 24_000.0, 1.03),
    ("marketing", 20_000.0, 1.02),
)

PENDING, SUCCESS, FAILED = range(3)
# Text as the services write it, and the outcome it means.
OUTCOME_TEXTS = (
    ("PENDING", PENDING),
    ("pending", PENDING),
    ("SUCCESS", SUCCESS),
    ("Success", SUCCESS),
    (" SUCCESS", SUCCESS),
    ("FAILED", FAILED),
    ("failed ", FAILED),
)
TEXT_OUTCOME = np.array([outcome for _, outcome in OUTCOME_TEXTS], dtype=np.int8)
APPLIED, APPROVED, REJECTED, ACTIVE, RESTRUCTURED, COMPLETED, WRITTEN_OFF = range(7)
LOAN_STATUSES = (
    "PENDING",
    "APPROVED",
    "REJECTED",
    "ACTIVE",
    "RESTRUCTURED",
    "COMPLETED",
    "WRITTEN_OFF",
)
HELD, MATURED, WITHDRAWN = range(3)
INVESTMENT_STATUSES = ("ACTIVE", "MATURED", "WITHDRAWN")
PURPOSES = ("DEPOSIT", "LOAN_REPAYMENT")
METHODS = ("MPESA", "AIRTEL_MONEY", "BANK")
INSTALLMENT, PAYOFF, CURE = range(3)

WEEKLY_RHYTHM = (1.12, 1.04, 1.0, 1.02, 1.18, 0.9, 0.35)  # Monday to Sunday
GROWTH, GROWTH_DAYS = 1.0022, 620
