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
# Words of one SQL or another that sqlfluff (RF04) accepts as no alias.
_LINTED = re.compile(
    r"account|accounts|alias|audit|box|change|checked|checksum|circle|date|datetime|"
    r"delayed|depth|disk|empty|exit|expression|fields|file|format|future|grants|"
    r"hash|host|hosts|keys|least|less|line|lines|list|locale|locks|login|logs|"
    r"long|memory|model|money|monitor|operation|parameters|path|plain|point|polygon|"
    r"prefix|print|process|provider|public|raw|repeat|return|roles|routine|save|"
    r"separator|serial|settings|shares|signal|spatial|stages|starts|stop|stream|"
    r"suffix|summary|support|task|tasks|timing|top|transactions|undo|usage|use|"
    r"users|uuid|vector|warehouse|weekday"
)
# By PostgreSQL or Snowflake; where one reads `user` unquoted it is who is connected, no column.
_RESERVED_ELSEWHERE = (
    *("account", "authorization", "connection", "current_date", "current_role", "current_time"),
    *("current_timestamp", "current_user", "database", "freeze", "ilike", "increment", "issue"),
    *("localtime", "localtimestamp", "minus", "organization", "regexp", "rlike", "row", "rows"),
    *("sample", "schema", "session_user", "start", "system_user", "trigger", "user", "view"),
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
    ``strasse``; ``2FA-Code`` -> ``n2_fa_code``.
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
    return bool(_VAGUE.fullmatch(name) or _LINTED.fullmatch(name)) or name in _keywords()


def is_keyword(name: str) -> bool:
    """Whether the name is a word of SQL, reserved or not."""
    return name in _keywords()


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
    # DuckDB's grammar is PostgreSQL's, but for what the others keep for themselves.
    with duckdb.connect() as connection:
        found = dict(
            connection.execute(
                "select keyword_name, keyword_category from duckdb_keywords()"
            ).fetchall()
        )
    return found | dict.fromkeys(_RESERVED_ELSEWHERE, "reserved")
