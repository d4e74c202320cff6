"""Answers made once a publication: ETag, 304, and a memory of what was answered.

What a URL of one API says changes with the publication alone. So its ETag is the publication, the
URL, and what this API speaks of: its domains, in its reporting currency. The same question is
answered from memory until another build is published.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

from cachetools import LRUCache
from fastapi import Depends, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from finhouse import __version__
from finhouse.api.publications import Publications, Published, Row
from finhouse.publish import PUBLISHED_SCHEMA

JSON, CSV = "application/json", "text/csv; charset=utf-8"
PUBLICATION_HEADER = "X-Publication-ID"
MEMORY_BYTES = 32 * 2**20
# Where a request keeps which marts were read for it, for the log.
MARTS = "finhouse.marts"
_MART = re.compile(rf"\b{PUBLISHED_SCHEMA}\.(\w+)")
# What an answer takes beside its body: an empty one is not for nothing.
_ENTRY_BYTES = 512

Make = Callable[[Published], BaseModel | str]


class Answers:
    """What was answered of the current publication, by what was asked."""

    def __init__(self, publications: Publications) -> None:
        self.publications = publications
        self._lock = threading.Lock()
        self._of = ""
        self._bodies: LRUCache[str, bytes] = LRUCache(MEMORY_BYTES, getsizeof=_size)
        self._marts: LRUCache[str, Sequence[str]] = LRUCache(MEMORY_BYTES // _ENTRY_BYTES)

    def known(self, publication: str, etag: str) -> bytes | None:
        """What was answered under this tag, if it is remembered."""
        with self._lock:
            return self._bodies.get(etag) if self._of == publication else None

    def marts(self, etag: str) -> Sequence[str]:
        """Which marts were read for the answer under this tag."""
        with self._lock:
            return self._marts.get(etag, ())

    def remember(self, publication: str, etag: str, body: bytes, marts: Sequence[str] = ()) -> None:
        """Keep an answer and what was read for it; the publication before is forgotten."""
        with self._lock:
            if self._of < publication:
                self._of = publication
                self._bodies.clear()
                self._marts.clear()
            if self._of == publication and _size(body) <= MEMORY_BYTES:
                self._bodies[etag] = body
                self._marts[etag] = marts


class Answer:
    """The answer to one request.

    Args:
        request: it.
        answers: the memory.
    """

    def __init__(self, request: Request, answers: Answers) -> None:
        self._request, self._answers = request, answers

    async def of(self, make: Make, media: str = JSON, variant: str = "") -> Response:
        """The response: nothing new, from memory, or what ``make`` makes of the publication.

        Args:
            make: reads the publication; returns a model, or text that is not JSON.
            media: media type of the body.
            variant: whatever else the answer depends on beside publication, URL and media type.
        """
        publication = self._answers.publications.peek()
        if publication and (known := self._known(publication, media, variant)):
            return known
        return await run_in_threadpool(self._made, make, media, variant)

    def _made(self, make: Make, media: str, variant: str) -> Response:
        def respond(published: Published) -> Response:
            if known := self._known(published.id, media, variant):
                return known
            marts: set[str] = set()
            made = make(replace(published, rows=_noting(published.rows, marts)))
            text = made if isinstance(made, str) else made.model_dump_json()
            etag, body = self._etag(published.id, media, variant), text.encode()
            self._answers.remember(published.id, etag, body, sorted(marts))
            self._request.scope[MARTS] = sorted(marts)
            return self._response(published.id, etag, body, media)

        return self._answers.publications.read(respond)

    def _known(self, publication: str, media: str, variant: str) -> Response | None:
        etag = self._etag(publication, media, variant)
        if etag in self._held_tags():
            return Response(status_code=304, headers=_headers(publication, etag))
        body = self._answers.known(publication, etag)
        if body is None:
            return None
        self._request.scope[MARTS] = self._answers.marts(etag)
        return self._response(publication, etag, body, media)

    def _response(self, publication: str, etag: str, body: bytes, media: str) -> Response:
        headers = _headers(publication, etag)
        # Any version of what is there will do for whoever sends `*`.
        if "*" in self._held_tags():
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=media)

    def _held_tags(self) -> set[str]:
        """Versions that the caller has."""
        header = self._request.headers.get("if-none-match", "")
        # Weak or strong: bodies of one tag are the same to the byte.
        return {tag.strip().removeprefix("W/") for tag in header.split(",")}

    def _etag(self, publication: str, media: str, variant: str) -> str:
        url = self._request.url
        project = self._request.app.state.project
        spoken_of = (*project.domains, project.reporting_currency)
        asked = "\n".join(
            (__version__, publication, *spoken_of, url.path, url.query, media, variant)
        )
        return f'"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"'


def _noting(rows: Callable[..., list[Row]], marts: set[str]) -> Callable[..., list[Row]]:
    """The same reading; which marts a query names is noted."""

    def read(sql: str, *arguments: object) -> list[Row]:
        marts.update(_MART.findall(sql))
        return rows(sql, *arguments)

    return read


def _size(body: bytes) -> int:
    return len(body) + _ENTRY_BYTES


def _headers(publication: str, etag: str) -> dict[str, str]:
    return {
        "ETag": etag,
        # Kept by whoever asks, and asked for again: a publication may come at any moment.
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization",
        PUBLICATION_HEADER: publication,
    }


def _answer(request: Request) -> Answer:
    return Answer(request, request.app.state.answers)


Answering = Annotated[Answer, Depends(_answer)]
