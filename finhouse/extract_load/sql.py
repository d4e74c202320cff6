"""Names for SQL engines, and the text of their errors."""

from __future__ import annotations

import re

from finhouse.warehouse import quoted

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def first_line(error: Exception) -> str:
    """What an engine says first; the kind of error if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def shown_name(schema: str, table: str) -> str:
    """A table for messages and commands, quoted where it must be: ``sales."Order Details"``."""
    return ".".join(
        name if _PLAIN_NAME.fullmatch(name) else quoted(name) for name in (schema, table)
    )
