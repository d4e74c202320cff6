"""The demo company: businesses that live in the OLTP database or drop files.

Each business is a package beside this module (see ``business``). One that keeps tables tells the
truth about itself in ``truth_<domain>.json``, computed from its own ledgers.
"""

from __future__ import annotations

from finhouse.demo.business import businesses
from finhouse.demo.files import ensure_files
from finhouse.demo.life import (
    FIRST_LIFE_DAYS,
    STATE_FILE,
    DemoReport,
    Status,
    advance,
    create,
    status,
    truth_file,
)

__all__ = [
    "FIRST_LIFE_DAYS",
    "STATE_FILE",
    "DemoReport",
    "Status",
    "advance",
    "businesses",
    "create",
    "ensure_files",
    "status",
    "truth_file",
]
