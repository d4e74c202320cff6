"""SQL and Jinja as text: what is left of it without comments and layout."""

from __future__ import annotations

import re

# Read from left to right, so that a quote in a comment and dashes in a literal are what they are.
# A comment that holds Jinja is none to dbt, which runs it: it is kept, to the end of its line.
_PARTS = re.compile(
    r"""
    (?P<blank> (?:
        \s | \{\#.*?\#\} | --(?:(?!\{\{|\{%)[^\n])*(?:\n|\Z) | /\*(?:(?!\{\{|\{%).)*?\*/
    )+ )
    | (?P<kept> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]*\n? )
    """,
    re.VERBOSE | re.DOTALL,
)


def bare(sql: str) -> str:
    """The text without comments, and with one space for any run of blanks outside of literals.

    Two texts with the same bare text compile to the same statement.
    """
    return _PARTS.sub(lambda part: part["kept"] or " ", sql).strip()
