"""The demo company's pay-later provider."""

from __future__ import annotations

from datetime import timedelta

from finhouse.demo.bnpl.company import Company
from finhouse.demo.bnpl.tables import TABLES
from finhouse.demo.bnpl.truth import figures
from finhouse.demo.business import Business, Database

__all__ = ["BUSINESS"]

BUSINESS = Business(
    database=Database(
        company=Company,
        utc_offset=timedelta(hours=3),  # Africa/Addis_Ababa
        tables=TABLES,
        figures=figures,
    )
)
