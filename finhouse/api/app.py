"""The application: its addresses, by the domains of the house, and what stands around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from finhouse import __version__
from finhouse.api.answers import Answers
from finhouse.api.guard import Admission, Guard
from finhouse.api.keys import KeyRing
from finhouse.api.monitors import MonitorsTables
from finhouse.api.observing import Observed
from finhouse.api.problems import MEDIA_TYPE, answer_with_problems, responses
from finhouse.api.project import Project
from finhouse.api.publications import Publications
from finhouse.api.routes import description, health, kpis, merchants, projections, pulse

TITLE = "finhouse KPI API"
DESCRIPTION = (
    "The published KPIs of the house, and the alerts of its monitors. Every answer comes from one "
    "publication, which X-Publication-ID names; alerts are as they are at the moment. Money and "
    "ratios are strings, so that they are exact; the addresses under /analytics answer with "
    "numbers. Nothing is written but what people say of alerts, and the questions that they ask."
)
# How long a publication that nobody reads any more stays open.
LET_GO_SECONDS = 10

# Shown in the description of the API; the guard is what asks for it.
_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key.")


def create_app(
    project: Project, publications: Publications, keys: KeyRing, admission: Admission
) -> FastAPI:
    """The API of a house.

    Args:
        project: decides which addresses there are: those of its domains.
        publications: what is read.
    """

    monitors = MonitorsTables(project.settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        letting_go = asyncio.create_task(_let_go(publications))
        yield
        letting_go.cancel()
        publications.close()
        monitors.close()

    app = FastAPI(
        title=TITLE,
        version=__version__,
        lifespan=lifespan,
        middleware=[
            Middleware(Observed),
            Middleware(Guard, keys=keys, admission=admission),
        ],
        # Their own pages load scripts of another host; ours are in routes/description.py.
        docs_url=None,
        redoc_url=None,
    )
    app.state.project = project
    app.state.answers = Answers(publications)
    app.state.monitors = monitors
    answer_with_problems(app)
    _add_routes(app, project.domains)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _add_routes(app: FastAPI, domains: Container[str]) -> None:
    app.include_router(health.router, responses=responses(421, 429))
    app.include_router(description.router)
    guarded: dict[str, Any] = {
        "dependencies": [Depends(_bearer)],
        "responses": responses(401, 403, 421, 422, 429, 503),
    }
    app.include_router(kpis.router, **guarded)
    app.include_router(pulse.router, **guarded)
    for part in (merchants, projections):
        if part.DOMAIN in domains:
            app.include_router(part.router, **guarded)


def _described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with problems under the media type that they are sent with."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes
        )
        for path in described["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    if status >= "400":
                        content = response["content"]
                        content[MEDIA_TYPE] = content.pop("application/json")
        app.openapi_schema = described
    return app.openapi_schema


async def _let_go(publications: Publications) -> None:
    while True:
        await asyncio.sleep(LET_GO_SECONDS)
        await run_in_threadpool(publications.let_go)
