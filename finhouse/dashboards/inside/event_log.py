"""Who opened what, as JSON lines in a file: in the metadata database each costs a commit."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from superset.utils import json
from superset.utils.log import AbstractEventLogger

FILE_BYTES, OLD_FILES = 10_000_000, 5


class FileEventLogger(AbstractEventLogger):
    """Superset's events in ``file``, oldest first; rotated by size."""

    def __init__(self, file: Path) -> None:
        self._events = logging.getLogger("finhouse.events")
        self._events.propagate = False
        self._events.setLevel(logging.INFO)
        if not self._events.handlers:
            self._events.addHandler(
                RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=OLD_FILES, delay=True)
            )

    def log(
        self,
        user_id: int | None,
        action: str,
        dashboard_id: int | None,
        duration_ms: int | None,
        slice_id: int | None,
        referrer: str | None,
        curated_payload: dict[str, Any] | None,
        curated_form_data: dict[str, Any] | None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "user_id": user_id,
            "action": action,
            "dashboard_id": dashboard_id,
            "slice_id": slice_id,
            "dataset_id": _dataset(kwargs.get("records")),
            "duration_ms": duration_ms,
        }
        self._events.info(json.dumps(entry))


def _dataset(records: Any) -> int | None:
    """Which dataset a request for a chart's rows names: the one thing that an unsaved chart has."""
    for record in records or ():
        for asked in (record, record.get("form_data")):
            datasource = asked.get("datasource") if isinstance(asked, dict) else None
            if isinstance(datasource, dict) and datasource.get("type") == "table":
                number = str(datasource.get("id"))
                return int(number) if number.isdecimal() else None
    return None
