"""The data class of each column of a mart: by rule, unless the column names its own.

A class says who may see a value: ``public`` anybody, ``internal`` who works here, ``confidential``
who needs it for a task, ``personal`` nobody but those who serve the person it is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PUBLIC, INTERNAL, CONFIDENTIAL, PERSONAL = CLASSES = (
    "public",
    "internal",
    "confidential",
    "personal",
)

GENERALISATIONS = ("month", "year")

# Units, periods and the calendar.
_PUBLIC_NAMES = re.compile(
    r"currency_code|is_(last_)?complete_period|month_number|(calendar|period)_\w+|day_count"
)
# Numbers without a size of the business in them: rates, durations, scores, ranks.
_RELATIVE_NAMES = re.compile(
    r"\w+_(rate|share|ratio|ms|seconds|hours|score|percentage|days|months|rank|per_\w+)"
    r"|\w*uptime\w*"
)


def data_class(mart: Mapping[str, Any], name: str) -> str:
    """Class of a column: its own ``meta: {data_class: ...}``, else by rule from the mart's class.

    The rule, first match wins: units and periods are public; every column of a personal or of a
    public mart is what the mart is; dates are public; numbers that are no rate, duration or rank
    are what the mart is; all else is internal.

    Args:
        mart: its node in dbt's manifest.
        name: the column.
    """
    column = mart["columns"][name]
    own = meta_of(column).get("data_class")
    if own is not None:
        return str(own)
    of_mart = str(meta_of(mart).get("data_class", INTERNAL))
    data_type = str(column.get("data_type") or "").partition("(")[0].lower()
    if _PUBLIC_NAMES.fullmatch(name):
        return PUBLIC
    if of_mart in (PERSONAL, PUBLIC):
        return of_mart
    if data_type == "date":
        return PUBLIC
    if data_type == "numeric" and not _RELATIVE_NAMES.fullmatch(name):
        return of_mart
    return INTERNAL


def generalisation(mart: Mapping[str, Any], name: str) -> str | None:
    """``month`` or ``year``, as which a date is shown to who may not see the day; else None.

    Args:
        mart: its node in dbt's manifest.
        name: the column; its own ``meta: {generalise: month}`` says so.
    """
    column = mart["columns"][name]
    own = meta_of(column).get("generalise")
    is_of_time = column.get("data_type") in ("date", "timestamp")
    return own if is_of_time and own in GENERALISATIONS else None


def meta_of(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """``meta`` of a node or column of the manifest, wherever dbt has put it."""
    return part.get("config", {}).get("meta") or part.get("meta") or {}
