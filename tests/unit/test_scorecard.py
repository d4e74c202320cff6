"""How values and periods read on the scorecard."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from finhouse.scorecard import format_period, format_value


@pytest.mark.parametrize(
    "value, unit, currency, text",
    [
        (Decimal("0.12345678"), "rate", None, "12.35%"),
        (Decimal("1234567.891"), "currency", "ZAR", "1,234,567.89 ZAR"),
        (Decimal("6446.00000000"), "count", None, "6,446"),
        (Decimal("827.5"), "ms", None, "828 ms"),
        (Decimal("3.955"), "number", None, "3.96"),
        # Halves go up, as they do on the dashboards: 7.82, 2, 0.12 % and 0.00 are the even ones.
        (Decimal("7.82500000"), "number", None, "7.83"),
        (Decimal("-7.82500000"), "number", None, "-7.83"),
        (Decimal("2.5"), "count", None, "3"),
        (Decimal("0.00125000"), "rate", None, "0.13%"),
        (Decimal("0.005"), "currency", "ZAR", "0.01 ZAR"),
        (None, "rate", None, "-"),
    ],
)
def test_format_value(value, unit, currency, text):
    assert format_value(value, unit, currency) == text


@pytest.mark.parametrize(
    "grain, start, is_complete, text",
    [
        ("month", date(2026, 6, 1), True, "2026-06"),
        ("month", date(2026, 7, 1), False, "2026-07 *"),
        ("day", date(2026, 6, 30), True, "2026-06-30"),
        (None, None, None, ""),
    ],
)
def test_format_period(grain, start, is_complete, text):
    assert format_period(grain, start, is_complete) == text
