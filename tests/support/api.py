"""The KPI API in this process, over publications that a test writes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import duckdb
import httpx
from fastapi import FastAPI

from finhouse.api.app import create_app
from finhouse.api.guard import Admission
from finhouse.api.keys import KeyRing
from finhouse.api.project import Project
from finhouse.api.published_file import PublishedFile
from finhouse.domains import declared_domains
from finhouse.settings import Settings, load_settings

LOOPBACK = "http://127.0.0.1:8090"
OPEN = Admission(needs_key=False)


def house_settings(home: Path) -> Settings:
    """Settings of a house in ``home``, whatever the environment says."""
    return load_settings({"FINHOUSE_HOME": str(home)})


def api_of(
    settings: Settings,
    admission: Admission = OPEN,
    domains: tuple[str, ...] = tuple(declared_domains()),
) -> FastAPI:
    """The API of a house whose publication is a file."""
    return create_app(
        Project(settings, domains),
        PublishedFile(settings.published_path, settings.api_home),
        KeyRing(settings.api_home),
        admission,
    )


def ask(
    app: FastAPI,
    path: str,
    headers: Mapping[str, str] | None = None,
    url: str = LOOPBACK,
    method: str = "GET",
    body: object = None,
) -> httpx.Response:
    """One request, without a network; a body is sent as JSON."""

    async def answered() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=url) as client:
            return await client.request(method, path, headers=headers, json=body)

    return asyncio.run(answered())


def write_publication(path: Path, publication_id: str, *statements: str) -> None:
    """Put a published file in place, with ``data_recency`` of all domains and what else is said."""
    incoming = path.with_name("incoming.duckdb")
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming.unlink(missing_ok=True)
    with duckdb.connect(str(incoming)) as connection:
        connection.execute("create schema published")
        connection.execute(
            "create table published.data_recency as select unnest($2) as domain, "
            "date '2026-06-30' as as_of_date, timestamp '2026-07-01 01:00:00' as built_at, "
            "timestamp '2026-07-01 01:05:00' as published_at, 48.00 as late_after_hours, "
            "$1 as publication_id",
            [publication_id, list(declared_domains())],
        )
        for statement in statements:
            connection.execute(statement)
    incoming.replace(path)
