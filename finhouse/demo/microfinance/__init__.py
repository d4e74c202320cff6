"""The demo company's microfinance institution."""

from __future__ import annotations

from datetime import timedelta

from finhouse.demo.business import Business, Database
from finhouse.demo.microfinance.company import Company
from finhouse.demo.microfinance.tables import TABLES
from finhouse.demo.microfinance.truth import figures

__all__ = ["BUSINESS"]

BUSINESS = Business(
    database=Database(
        company=Company,
        utc_offset=timedelta(hours=3),  # Africa/Nairobi
        tables=TABLES,
        figures=figures,
    )
)
