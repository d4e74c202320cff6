"""Pages by key: a cursor says after which row the next page begins, and of which publication.

A page after another publication could lack rows or repeat them; its cursor is refused, and the
caller told to begin again.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request

from finhouse.api.problems import ProblemError
from finhouse.api.publications import Published, Row

LARGEST_PAGE = 1000
# Largest whole number that a mart keeps in a key.
_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Page:
    """Which page of what is asked for.

    Attributes:
        request: for the address to begin again at.
        limit: rows at most.
        cursor: as handed out with the page before; None for the first.
    """

    request: Request
    limit: int
    cursor: str | None

    def start(self, published: Published, *parts: Callable[[Any], Any]) -> tuple[Any, ...] | None:
        """Key of the last row of the page before; None for the first page.

        Args:
            parts: make the parts of the key of what JSON kept of them; raise ValueError or
                TypeError where they cannot.

        Raises:
            ProblemError: the cursor is of another publication, or of no page of this request.
        """
        if self.cursor is None:
            return None
        try:
            publication, asked, key = _read(self.cursor)
            if asked != self._asked or not isinstance(key, list):
                raise ValueError(asked)
            text_part(publication)
            parsed = tuple(parse(part) for parse, part in zip(parts, key, strict=True))
        except (ValueError, TypeError, RecursionError) as error:
            raise ProblemError(
                400,
                "cursor-unknown",
                "The cursor does not come from this address with these parameters: start again "
                "without one.",
                restart=self._first,
            ) from error
        if publication != published.id:
            raise ProblemError(
                409,
                "publication-replaced",
                f"The cursor belongs to publication {publication}; {published.id} has been "
                "published since: start again without one.",
                restart=self._first,
                publication_id=published.id,
            )
        return parsed

    def cut(
        self, published: Published, rows: list[Row], key: Sequence[str]
    ) -> tuple[list[Row], str | None]:
        """The rows of this page, and the cursor of the next one.

        Args:
            rows: one more than the limit where there is a next page.
            key: columns that rows are ordered by.
        """
        if len(rows) <= self.limit:
            return rows, None
        page = rows[: self.limit]
        last = [page[-1][column] for column in key]
        return page, _written(published.id, self._asked, last)

    @property
    def _asked(self) -> str:
        """The address, and a digest of its parameters but for those of the page."""
        given = self.request.query_params.multi_items()
        chosen = sorted(pair for pair in given if pair[0] not in ("cursor", "limit"))
        digest = hashlib.sha256(json.dumps(chosen).encode()).hexdigest()[:16]
        return f"{self.request.url.path}?{digest}" if chosen else self.request.url.path

    @property
    def _first(self) -> str:
        url = self.request.url.remove_query_params("cursor")
        return f"{url.path}?{url.query}" if url.query else url.path


def asked_page(
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=LARGEST_PAGE, description="Largest number of rows on a page.")
    ] = 100,
    cursor: Annotated[
        str | None, Query(max_length=1000, description="`next_cursor` of the previous page.")
    ] = None,
) -> Page:
    """FastAPI's dependency of addresses that answer in pages."""
    return Page(request, limit, cursor)


def text_part(part: Any) -> str:
    """Part of a cursor's key that is text; ValueError where it is none that an engine keeps."""
    if not isinstance(part, str) or "\x00" in part:
        raise ValueError(part)
    # Half a character, as JSON can hold it, is in no encoding.
    part.encode()
    return part


def number_part(part: Any) -> int:
    """Part of a cursor's key that is a whole number; ValueError where it is none."""
    if type(part) is not int or abs(part) > _LARGEST_NUMBER:
        raise ValueError(part)
    return part


def _written(publication: str, asked: str, key: Sequence[Any]) -> str:
    text = json.dumps([publication, asked, key], default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[Any, Any, Any]:
    padded = cursor + "=" * (-len(cursor) % 4)
    publication, asked, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    return publication, asked, key
