"""What to do about an engine's own error."""

from __future__ import annotations

import re

# In the words of DuckDB and PostgreSQL, the more telling first.
_REMEDIES = (
    (
        r"out of memory|memory limit|could not allocate|failed to allocate",
        "end what else uses the machine's memory, or give it more",
    ),
    (r"no space left|disk full|could not extend file", "check its free disk space"),
    (r"permission denied|must be owner|not permitted", "give its user the right that is missing"),
    (r"read-only", "connect to a warehouse that may be written"),
    (
        r"terminating connection|server closed the connection|connection .*(closed|lost)",
        "see in its log why it ended the connection",
    ),
    (r"lock timeout|deadlock|conflict", "wait for the other process that writes to it"),
)
_OTHERWISE = "see its log for what it says of this"


def remedy_of(error: Exception) -> str:
    """What helps against an error of a warehouse's engine, as far as its words tell."""
    return known_remedy(error) or _OTHERWISE


def known_remedy(error: Exception) -> str:
    """The same, and empty where its words tell nothing: it may be a mistake of ours."""
    said = str(error).lower()
    return next((remedy for words, remedy in _REMEDIES if re.search(words, said)), "")
