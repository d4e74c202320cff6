"""Who may ask, and how often."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from finhouse.api.addresses import is_loopback
from finhouse.api.keys import READ_KPI, READ_RESTRICTED, WRITE_PULSE, ApiKey, KeyRing
from finhouse.api.problems import REQUEST_ID, ProblemError
from finhouse.api.routes.description import DESCRIPTION_PATHS

# Whoever watches over the server asks these, and they tell no figure.
OPEN_PATHS = ("/health", "/ready", "/openapi.json", *DESCRIPTION_PATHS)
# Where the key of a request is, in its scope; none where none is needed.
KEY = "key"
FAILURES_PER_MINUTE = 20


@dataclass(frozen=True)
class Admission:
    """Who is let in.

    Attributes:
        needs_key: whether a request must present a key.
        per_second: requests a second of one key, and of one address where none is needed.
    """

    needs_key: bool
    per_second: int = 60


class Guard:
    """Lets a request through to the API, or answers why not; ASGI middleware.

    Without keys only this machine is listened to, and a request must name it: a page in somebody's
    browser that has a name of its own point here is not answered.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing, admission: Admission) -> None:
        self._app, self._keys, self._admission = app, keys, admission
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._rate = RateLimitItemPerSecond(admission.per_second)
        self._failures = RateLimitItemPerMinute(FAILURES_PER_MINUTE)
        self._verifying = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                await self._admit(scope)
            except ProblemError as problem:
                answer = problem.answer(scope["path"], scope.get(REQUEST_ID, ""))
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if not self._admission.needs_key:
            _check_name(headers.get("host", ""))
            _check_origin(headers.get("origin"))
            return
        client = (scope.get("client") or [""])[0]
        if scope["path"] in OPEN_PATHS:
            self._count(self._rate, "address", client)
            return
        key = await self._key(headers.get("authorization", ""), client)
        scope[KEY] = key
        _check_scope(key, READ_KPI)
        self._count(self._rate, "key", key.id)

    async def _key(self, authorization: str, client: str) -> ApiKey:
        scheme, _, presented = authorization.partition(" ")
        presented = presented.strip()
        if scheme.lower() != "bearer" or not presented:
            raise _unauthorised("Send a key: `Authorization: Bearer <key>`.")
        if known := self._keys.recognised(presented):
            return known
        # Whoever guesses does not keep the server busy with it, nor by guesses at the same time.
        async with self._verifying:
            # Of one key: its owner is not held up by others at the same address.
            who = ("failure", client, self._keys.presented_id(presented))
            if not self._limiter.test(self._failures, *who):
                raise self._too_many(self._failures, *who)
            key = await run_in_threadpool(self._keys.identify, presented)
            if key is None:
                self._limiter.hit(self._failures, *who)
                raise _unauthorised("The key is not valid, or has been revoked.")
            return key

    def _count(self, limit: RateLimitItem, *who: str) -> None:
        if not self._limiter.hit(limit, *who):
            raise self._too_many(limit, *who)

    def _too_many(self, limit: RateLimitItem, *who: str) -> ProblemError:
        until = self._limiter.get_window_stats(limit, *who).reset_time - time.time()
        seconds = max(1, math.ceil(until))
        return ProblemError(
            429,
            "too-many-requests",
            f"More than {limit}: wait {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )


def restricted(request: Request) -> None:
    """FastAPI's dependency of what tells of a single party: it needs a scope of its own."""
    if key := request.scope.get(KEY):
        _check_scope(key, READ_RESTRICTED)


def may_write_pulse(request: Request) -> None:
    """FastAPI's dependency of what is said of alerts: it needs a scope of its own."""
    if key := request.scope.get(KEY):
        _check_scope(key, WRITE_PULSE)


def caller(request: Request) -> str:
    """Who asks, as far as is known: the name of the key."""
    key = request.scope.get(KEY)
    return f"key {key.name}" if key else "this machine"


def _check_scope(key: ApiKey, wanted: str) -> None:
    if wanted not in key.scopes:
        raise ProblemError(403, "scope-missing", f"The key {key.name!r} lacks the scope {wanted}.")


def _check_name(host: str) -> None:
    if not is_loopback(_without_port(host)):
        raise ProblemError(
            421,
            "misdirected-request",
            f"Without keys this server answers on this machine alone, and not as {host!r}.",
        )


def _check_origin(origin: str | None) -> None:
    """A page of another site can make a browser send requests here, though not read the answers."""
    if origin is not None and not is_loopback(_without_port(origin.partition("://")[2])):
        raise ProblemError(
            403,
            "foreign-origin",
            f"Without keys this server takes no request that a page of {origin!r} has caused.",
        )


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _unauthorised(detail: str) -> ProblemError:
    return ProblemError(401, "key-needed", detail, headers={"WWW-Authenticate": "Bearer"})
