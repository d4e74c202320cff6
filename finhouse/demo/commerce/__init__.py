"""The demo company's distributor: what it sells, and what it keeps in stock."""

from __future__ import annotations

from datetime import timedelta

from finhouse.demo.business import Business, Database
from finhouse.demo.commerce.company import Company
from finhouse.demo.commerce.tables import TABLES
from finhouse.demo.commerce.truth import figures

__all__ = ["BUSINESS"]

BUSINESS = Business(
    database=Database(
        company=Company,
        utc_offset=timedelta(hours=2),  # Africa/Johannesburg
        tables=TABLES,
        figures=figures,
    )
)
