"""The demo company's merchants: activity files of the payments platform."""

from __future__ import annotations

from finhouse.demo.business import Business, Files
from finhouse.demo.merchant_activity.writing import write_activity_files, write_first_files

__all__ = ["BUSINESS", "write_activity_files"]

BUSINESS = Business(
    files=Files(pattern="*.csv", manifest="activity_files.json", write=write_first_files)
)
