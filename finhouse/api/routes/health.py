"""Whether the process is there, and what can be read."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request

from finhouse import __version__
from finhouse.api.problems import responses
from finhouse.api.publications import Published
from finhouse.api.shapes import DomainState, Health, Readiness

router = APIRouter(tags=["state"])
_started = time.monotonic()


@router.get("/health", operation_id="health")
async def health() -> Health:
    """Say that the process answers, without reading anything."""
    return Health(
        status="ok", version=__version__, uptime_seconds=round(time.monotonic() - _started, 3)
    )


@router.get("/ready", operation_id="ready", responses=responses(503))
def ready(request: Request) -> Readiness:
    """Say which publication is read, how old it is, and up to which day each domain has data."""
    return request.app.state.answers.publications.read(_readiness)


def _readiness(published: Published) -> Readiness:
    found = published.rows(
        "select domain, as_of_date, built_at, published_at, late_after_hours "
        "from published.data_recency order by domain"
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    published_at = found[0]["published_at"]
    return Readiness(
        publication_id=published.id,
        published_at=published_at,
        age_seconds=round((now - published_at).total_seconds(), 3),
        domains=[
            DomainState(
                domain=row["domain"],
                as_of_date=row["as_of_date"],
                built_at=row["built_at"],
                is_late=now - row["built_at"] > timedelta(hours=float(row["late_after_hours"])),
            )
            for row in found
        ],
    )
