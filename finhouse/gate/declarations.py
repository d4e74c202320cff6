"""What CHANGELOG.md says of a change: which marts and KPIs it declares to break."""

from __future__ import annotations

import re
from pathlib import Path

CHANGELOG = "CHANGELOG.md"
BREAKING = "**BREAKING**"


def new_declarations(base: str, head: str) -> list[str]:
    """Entries of the head's changelog that say BREAKING and that the base's has not.

    An entry is a list item with all its lines; one that was reworded is a new one.
    """
    known = set(_entries(base))
    return [entry for entry in _entries(head) if BREAKING in entry and entry not in known]


def declares(declarations: list[str], name: str) -> bool:
    """Whether one of the entries names this mart or KPI: `` `name` `` or `` `name.column` ``."""
    return any(f"`{name}`" in entry or f"`{name}." in entry for entry in declarations)


def read_changelog(project: Path) -> str:
    """The changelog of a version of the project; empty where it has none."""
    path = project / CHANGELOG
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _entries(text: str) -> list[str]:
    """List items, each on one line."""
    entries: list[str] = []
    is_open = False
    for line in text.splitlines():
        if re.match(r"[-*] ", line):
            entries.append(line[2:].strip())
            is_open = True
        elif line.startswith((" ", "\t")) and line.strip() and is_open:
            entries[-1] += f" {line.strip()}"
        else:
            is_open = False
    return entries
