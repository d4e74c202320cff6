"""The demo company's peer-to-peer wallet."""

from __future__ import annotations

from finhouse.demo.wallet.company import Company
from finhouse.demo.wallet.truth import tell_truth
from finhouse.demo.wallet.writing import create_schema, write_periods

__all__ = ["Company", "create_schema", "tell_truth", "write_periods"]
