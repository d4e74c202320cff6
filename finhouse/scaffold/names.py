"""Names: those that a person gives are checked, those of a database are made to suit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache

import duckdb

from finhouse.errors import ConfigurationError

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 63
# Each is the column of many tables, and says nothing where two of them are joined.
_VAGUE = re.compile(
    r"active|amount|category|code|comments?|description|kind|label|name|notes?|number|rank"
    r"|reference|remarks|state|status|title|type|value"
)
_ES = ("sses", "uses", "xes", "ches", "shes")


def check_name(kind: str, name: str) -> str:
    """Return the name that a person gave to a source, table, mart, KPI or domain.

    Args:
        kind: what it is the name of, for the message.

    Raises:
        ConfigurationError: it is not lower case with words joined by underscores, or too long.
    """
    if not _NAME.fullmatch(name):
        suggestion = snake_case(name)
        remedy = "use lower case, words joined by underscores"
        raise ConfigurationError(
            f"{name!r} is no name for a {kind}",
            f"{remedy}: {suggestion}" if suggestion else f"{remedy}, beginning with a letter",
        )
    if len(name) > _LONGEST:
        raise ConfigurationError(
            f"the name {name!r} of the {kind} has {len(name)} characters",
            f"shorten it to {_LONGEST}: PostgreSQL cuts off longer ones",
        )
    return name


def snake_case(name: str) -> str:
    """A name in lower case, words joined by underscores; empty if nothing of it is left.

    ``Order Details`` -> ``order_details``; ``CustomerID`` -> ``customer_id``; ``Straße`` ->
    ``strasse``; ``2FA-Code`` -> ``n2fa_code``.
    """
    ascii_name = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    ascii_name = ascii_name.encode("ascii", "ignore").decode()
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", ascii_name)
    joined = re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")
    return f"n{joined}" if joined[:1].isdigit() else joined


def singular(name: str) -> str:
    """What one row of a table is: ``order_details`` -> ``order_detail``."""
    if name.endswith("ies") and len(name) > 4:
        return f"{name[:-3]}y"
    if name.endswith(_ES):
        return name[:-2]
    if name.endswith("s") and not name.endswith(("ss", "us", "is")):
        return name[:-1]
    return name


def words(name: str) -> str:
    """A name as words in a sentence: ``order_detail`` -> ``order detail``."""
    return name.strip("_").replace("_", " ")


def is_vague(name: str) -> bool:
    """Whether a column's name needs its table's beside it: ``status``, or a keyword of SQL."""
    return bool(_VAGUE.fullmatch(name)) or name in _keywords()


def is_reserved(name: str) -> bool:
    """Whether SQL takes the name for its own unless it is quoted."""
    return _keywords().get(name) == "reserved"


def unused(name: str, taken: Collection[str]) -> str:
    """The name, or the first of ``name_2``, ``name_3`` ... that is not taken."""
    number, found = 2, name
    while found in taken:
        found = f"{name}_{number}"
        number += 1
    return found


@cache
def _keywords() -> dict[str, str]:
    # DuckDB's grammar is PostgreSQL's; what either keeps for itself is in it.
    with duckdb.connect() as connection:
        return dict(
            connection.execute(
                "select keyword_name, keyword_category from duckdb_keywords()"
            ).fetchall()
        )
