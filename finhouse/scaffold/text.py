"""YAML as the house writes it: lines of at most 100 characters, quotes where they are needed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

LINE = 100
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words that YAML readers take for true, false or nothing.
_NO_TEXT = re.compile(r"true|false|yes|no|on|off|y|n|null", re.IGNORECASE)
_PLAIN_SENTENCE = re.compile(r"[A-Za-z][^:#{}\[\]\"'`\\]*")


def scalar(value: str) -> str:
    """A short text as a YAML value or key: ``pilot``, ``'Order Details'``, ``'no'``."""
    if _PLAIN.fullmatch(value) and not _NO_TEXT.fullmatch(value):
        return value
    return "'" + value.replace("'", "''") + "'"


def flow(values: Iterable[str]) -> str:
    """Values as a YAML list in one line: ``[a, 'b c']``."""
    return "[" + ", ".join(scalar(value) for value in values) + "]"


def listed(key: str, values: Iterable[str], indent: int) -> list[str]:
    """``key: [a, b, ...]`` at an indentation, over as many lines as it needs."""
    values = list(values)
    pad = " " * indent
    line = f"{pad}{key}: {flow(values)}"
    if len(line) <= LINE:
        return [line]
    inner = ", ".join(scalar(value) for value in values)
    return [
        f"{pad}{key}: [",
        *_wrapped(inner, indent + 2),
        f"{pad}]",
    ]


def described(description: str, indent: int, key: str = "description") -> list[str]:
    """``description: ...`` at an indentation; an empty one is left for a person to fill in."""
    # A database's comment is text, never a template of dbt's.
    text = re.sub(r"([{}])(?=[{}%#])|(?<=[%#])(?=})", r"\1 ", " ".join(description.split()))
    pad = " " * indent
    if not text:
        return [f'{pad}{key}: ""']
    line = f"{pad}{key}: {text}"
    if len(line) <= LINE and _PLAIN_SENTENCE.fullmatch(text) and not _NO_TEXT.fullmatch(text):
        return [line]
    return [f"{pad}{key}: >-", *_wrapped(text, indent + 2)]


def _wrapped(text: str, indent: int) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        text,
        width=LINE,
        initial_indent=pad,
        subsequent_indent=pad,
        break_long_words=False,
        break_on_hyphens=False,
    )
