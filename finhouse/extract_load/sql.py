"""String literals for SQL engines, and the text of their errors."""

from __future__ import annotations


def text_literal(text: str) -> str:
    """``text`` as an SQL string: ``it's`` -> ``'it''s'``."""
    return "'" + text.replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    """What an engine says first; the kind of error if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
