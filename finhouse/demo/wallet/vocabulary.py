"""The words of the wallet: what its codes mean, and the constants of its life."""

from __future__ import annotations

import numpy as np

PENDING, COMPLETED, FAILED, REVERSED = range(4)
# Text as the runtime writes it, and the status it means.
STATUS_TEXTS = (
    ("PENDING", PENDING),
    ("Pending", PENDING),
    ("COMPLETED", COMPLETED),
    ("SETTLED", COMPLETED),
    ("completed", COMPLETED),
    (" COMPLETED", COMPLETED),
    ("Completed ", COMPLETED),
    ("FAILED", FAILED),
    ("failed", FAILED),
    ("REVERSED", REVERSED),
)
TEXT_STATUS = np.array([status for _, status in STATUS_TEXTS], dtype=np.int8)
TEXT_CODE = {text: code for code, (text, _) in enumerate(STATUS_TEXTS)}

SOURCES = ("organic", "referral", "bank_promotion")
SOURCE_SHARES = (0.50, 0.30, 0.20)
ERRORS = (
    "INSUFFICIENT_FUNDS",
    "BANK_TIMEOUT",
    "SEAL_MISMATCH",
    "LIMIT_EXCEEDED",
    "RECIPIENT_BLOCKED",
)
ERROR_SHARES = (0.45, 0.22, 0.13, 0.12, 0.08)
EVENT_TYPES = ("initiated", "physics_seal_captured", "submitted", "completed", "failed")
ACTIVITY_TYPES = ("login", "transaction", "qr_scan", "balance_check")
DEVICES = ("android", "ios", "feature_phone")
SERVICES = ("payments", "ledger", "sms_gateway", "authentication")
SEVERITIES = ("minor", "major", "critical")

# code, name, status, first day, last day (None: open end), monthly fee, fee rate, weight
BANKS = (
    ("ABSA", "Absa Bank", "active", 0, None, 95.00, 0.0002, 0.34),
    ("FNB", "First National Bank", "active", 31, 31 + 576, 80.00, 0.0003, 0.28),
    ("CAPITEC", "Capitec Bank", "active", 59, 1153, 70.00, 0.0002, 0.22),
    ("TYME", "TymeBank", "pilot", 273, 820, 0.00, 0.0001, 0.10),
    ("AFRICAN", "African Bank", "inactive", 14, 424, 60.00, 0.0004, 0.06),
)
NO_BANK, UNKNOWN_BANK = len(BANKS), len(BANKS) + 1
BANK_CODES = (*(bank[0] for bank in BANKS), None, "LEGACY")

HOURLY_RHYTHM = np.array(
    [1, 0.6, 0.4, 0.3, 0.4, 1, 2.5, 5, 6, 6, 6, 6.5, 7.5, 7, 6, 6, 6.5, 8, 8.5, 8, 6.5, 4.5, 3, 1.8]
)
WEEKLY_RHYTHM = (0.95, 0.95, 0.98, 1.02, 1.22, 1.12, 0.76)  # Monday to Sunday
SIGNUP_START, SIGNUP_GROWTH, GROWTH_DAYS = 10.0, 1.0043, 620
ACTION_COMPLETE, ACTION_FAIL, ACTION_REVERSE = range(3)

# Operating costs by month: category, whether cost of goods sold, base, growth a month, per user.
COSTS = (
    ("cloud_hosting", True, 30.0, 1.01, 0.008),
    ("sms_and_seal_fees", True, 10.0, 1.02, 0.012),
    ("salaries", False, 900.0, 1.03, 0.0),
    ("compliance", False, 160.0, 1.01, 0.0),
    ("office_and_tools", False, 90.0, 1.00, 0.0),
)
