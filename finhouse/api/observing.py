"""What every answer bears, and what the log says of it; ASGI middleware around everything else."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from finhouse.api.answers import MARTS, PUBLICATION_HEADER
from finhouse.api.guard import KEY
from finhouse.api.problems import REQUEST_ID, internal_error

LOGGER = "finhouse.api"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The filter that it would switch on in old browsers had holes of its own.
    "X-XSS-Protection": "0",
    # Browsers heed it where the answer came by TLS, from the proxy in front.
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_logger = logging.getLogger(LOGGER)


class Observed:
    """Adds security headers, the request's id and the seconds it took, and logs each request.

    HEAD is answered as GET is, without the content.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, asked = time.perf_counter(), scope["method"]
        if asked == "HEAD":
            scope = {**scope, "method": "GET"}
        scope[REQUEST_ID] = _request_id(Headers(scope=scope).get("x-request-id", ""))
        answered: dict[str, Any] = {}

        async def send_observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-ID"] = scope[REQUEST_ID]
                headers["X-Process-Time"] = f"{time.perf_counter() - started:.6f}"
                answered["status"] = message["status"]
                answered["publication_id"] = headers.get(PUBLICATION_HEADER)
            elif asked == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        except Exception:
            _logger.exception("failed", extra={"fields": {"request_id": scope[REQUEST_ID]}})
            if not answered:
                answer = internal_error().answer(scope["path"], scope[REQUEST_ID])
                await answer(scope, receive, send_observed)
        finally:
            _logger.info(
                "request",
                extra={
                    "fields": {
                        "request_id": scope[REQUEST_ID],
                        "method": asked,
                        "path": scope["path"],
                        "query": _query(scope),
                        "client": (scope.get("client") or [None])[0],
                        "key_id": scope[KEY].id if KEY in scope else None,
                        "key_name": scope[KEY].name if KEY in scope else None,
                        "marts": scope.get(MARTS, []),
                        **answered,
                        "seconds": round(time.perf_counter() - started, 6),
                    }
                },
            )


class JsonLines(logging.Formatter):
    """A log entry as one line of JSON; ``extra={"fields": {...}}`` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def _query(scope: Scope) -> str:
    """The query, without what somebody has asked in words of their own: it may name a person."""
    given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    masked = [(name, "*" if name == "q" else value) for name, value in given]
    return urlencode(masked, safe="*")


def _request_id(sent: str) -> str:
    """The caller's own id, where it is fit for a log; else a new one."""
    return sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
