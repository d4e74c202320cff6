"""The demo company's microfinance institution."""

from __future__ import annotations

from finhouse.demo.microfinance.company import Company
from finhouse.demo.microfinance.truth import tell_truth
from finhouse.demo.microfinance.writing import create_schema, write_periods

__all__ = ["Company", "create_schema", "tell_truth", "write_periods"]
