"""What a request reads: one publication, whole, whatever is published meanwhile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from finhouse.publish import PUBLISHED_SCHEMA, RECENCY

Found = TypeVar("Found")
Row = dict[str, Any]

ID_SQL = f"select max(publication_id) from {PUBLISHED_SCHEMA}.{RECENCY}"
OTHER_VERSION = (
    "What is published lacks a mart or column that is read here: it was built for other domains, "
    "or by another version of finhouse. Run `make build`."
)


@dataclass(frozen=True)
class Published:
    """One publication, open for as long as a request reads it.

    Attributes:
        id: its identifier; later ones sort after it.
        rows: runs one query, with parameters ``$1, $2 ...``; a row is its values by column.
    """

    id: str
    rows: Callable[..., list[Row]]


class Publications(ABC):
    """Where publications are read from."""

    @abstractmethod
    def peek(self) -> str | None:
        """Id of the publication that is read now, where knowing it waits for nothing; else None."""

    @abstractmethod
    def read(self, use: Callable[[Published], Found]) -> Found:
        """What ``use`` makes of the current publication; it may be called more than once.

        Raises:
            ProblemError: nothing is published, or it cannot be read now; or what ``use`` raises.
        """

    def let_go(self) -> None:  # noqa: B027 - most have nothing to let go
        """Close what is open of a publication that has been replaced; called now and then."""

    @abstractmethod
    def close(self) -> None:
        """Close whatever is open."""


def by_column(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Row]:
    """Rows as an engine has them, with the names of their columns."""
    return [dict(zip(names, row, strict=True)) for row in rows]
