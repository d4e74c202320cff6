"""The demo company's peer-to-peer wallet."""

from __future__ import annotations

from datetime import timedelta

from finhouse.demo.business import Business, Database
from finhouse.demo.wallet.company import Company
from finhouse.demo.wallet.tables import TABLES
from finhouse.demo.wallet.truth import figures

__all__ = ["BUSINESS"]

BUSINESS = Business(
    database=Database(
        company=Company,
        utc_offset=timedelta(hours=2),  # Africa/Johannesburg
        tables=TABLES,
        figures=figures,
    )
)
