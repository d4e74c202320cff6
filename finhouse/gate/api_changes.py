"""What a change does to the API: the snapshot says it, and CHANGELOG.md what breaks callers."""

from __future__ import annotations

import json
from pathlib import Path

from finhouse.api.openapi import SNAPSHOT, broken_operations, snapshot_path, snapshot_text
from finhouse.errors import GateError
from finhouse.gate.commits import Commit, file_at
from finhouse.gate.declarations import (
    BREAKING,
    CHANGELOG,
    declares,
    new_declarations,
    read_changelog,
)


def check_api(root: Path, base: Commit) -> int:
    """Hold the API against its snapshot and against the base's; return its operations.

    Raises:
        GateError: the snapshot is not of this API, or what breaks callers is not declared.
    """
    now = snapshot_text()
    described = json.loads(now)
    found, remedies = [], []
    path = snapshot_path(root)
    if not path.is_file() or path.read_text(encoding="utf-8") != now:
        found.append(f"{SNAPSHOT} is not of the API as it is now")
        remedies.append("run `finhouse api openapi`, and commit what it writes")
    before = file_at(root, base, SNAPSHOT)
    broken = broken_operations(json.loads(before), described) if before else []
    told = new_declarations(file_at(root, base, Path(CHANGELOG)), read_changelog(root))
    if undeclared := [name for name in broken if not declares(told, name)]:
        found.append("CHANGELOG.md does not declare what breaks callers: " + ", ".join(undeclared))
        remedies.append(
            "keep what callers use, or add to CHANGELOG.md, completed with words of yours:\n"
            + "\n".join(f"    - {BREAKING} API `{name}`: old: ...; new: ..." for name in undeclared)
        )
    if found:
        raise GateError("; ".join(found), "; ".join(remedies))
    return sum(len(operations) for operations in described["paths"].values())
