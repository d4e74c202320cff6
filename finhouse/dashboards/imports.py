"""What was imported into Superset last, so that an import which would change nothing is left out.

An import takes most of a minute. It is left out where the code says what it said at the last one
and nobody has changed since, in Superset, what an import sets.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from finhouse.errors import ServiceError
from finhouse.files import read_json, write_whole

# All that an import writes. Of users, what a log-in leaves alone.
_WRITTEN = {
    "ab_permission_view_role": "*",
    "ab_role": "*",
    "ab_user": "id, username, password, active",
    "ab_user_role": "*",
    "dashboard_roles": "*",
    "dashboard_slices": "*",
    "dashboards": "*",
    "dbs": "*",
    "slices": "*",
    "sql_metrics": "*",
    "table_columns": "*",
    "tables": "*",
}


class LastImport:
    """The record of the last import under ``home``.

    Args:
        home: Superset's folder.
        metadata: its database, a SQLite file.
        key: secret that the record is signed with, as passwords are part of what it tells apart.
    """

    def __init__(self, home: Path, metadata: Path, key: str) -> None:
        self._file = home / "imported.json"
        self._metadata = metadata
        self._key = key.encode()

    def report(self, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the last import reported; None where ``wanted`` has to be imported (again)."""
        try:
            signature, report = read_json(self._file, _record, ServiceError, "")
            return report if signature == self._sign(wanted) else None
        # No record, half a record, or metadata that cannot be read: the import says what is wrong.
        except (ServiceError, sqlite3.Error):
            return None

    def remember(self, wanted: Mapping[str, Any], report: Mapping[str, Any]) -> None:
        """Note that ``wanted`` is imported, as ``report`` says."""
        record = {"signature": self._sign(wanted), "report": report}
        write_whole(self._file, json.dumps(record))

    def forget(self) -> None:
        """An import begins: what the record says may not be so any more."""
        self._file.unlink(missing_ok=True)

    def _sign(self, wanted: Mapping[str, Any]) -> str:
        digest = hmac.new(self._key, json.dumps(wanted, sort_keys=True).encode(), hashlib.sha256)
        address = f"{self._metadata.as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as metadata:
            for table, columns in _WRITTEN.items():
                for row in metadata.execute(f"select {columns} from {table} order by rowid"):
                    digest.update(repr(row).encode())
        return digest.hexdigest()


def _record(found: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(found["report"], dict):
        raise TypeError
    return found["signature"], found["report"]
