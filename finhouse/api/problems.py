"""What goes wrong, as RFC 9457 says it: ``application/problem+json``, and never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
# RFC 9457 wants a URI that says which problem it is; a name of ours leads to no host.
TYPE = "urn:finhouse:problem:"
REQUEST_ID = "request_id"

_OF_STATUS = {404: "no-such-address", 405: "method-not-allowed"}


class ProblemDetails(BaseModel):
    """What is wrong, and what can be done about it."""

    # Some problems say more: `errors` of a request, `restart` of a cursor.
    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Identifies the kind of problem: urn:finhouse:problem:<name>.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong this time, and what to do.")
    instance: str = Field(description="The path of the request.")
    request_id: str = Field(description="Identifies the request in the server's log.")


class ProblemError(Exception):
    """Ends a request with an answer that says why.

    Args:
        status: HTTP status.
        name: which problem it is, in kebab case; its words are the title.
        detail: the offending value and the remedy, in sentences.
        headers: HTTP headers that belong to it.
        more: further members of the answer.
    """

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail = status, name, detail
        self.headers, self.more = dict(headers or {}), more

    def answer(self, path: str, request_id: str) -> JSONResponse:
        """The response, for the path that was asked for."""
        details = ProblemDetails(
            type=TYPE + self.name,
            title=self.name.replace("-", " ").capitalize(),
            status=self.status,
            detail=self.detail,
            instance=path,
            request_id=request_id,
            **self.more,
        )
        return JSONResponse(
            details.model_dump(mode="json"),
            self.status,
            {"Cache-Control": "no-store", **self.headers},
            media_type=MEDIA_TYPE,
        )


def unready(detail: str) -> ProblemError:
    """Nothing can be read now; another time it can."""
    return ProblemError(503, "not-ready", detail, headers={"Retry-After": "5"})


def internal_error() -> ProblemError:
    """A bug of ours: what happened is in the log, under the request's id, and nowhere else."""
    return ProblemError(
        500, "internal-error", "The server failed; its log says how, under this request_id."
    )


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """FastAPI's ``responses`` for problems of some statuses."""
    return {status: {"model": ProblemDetails, "description": _WORDS[status]} for status in statuses}


_WORDS = {
    400: "The cursor does not come from this address, or the body cannot be read.",
    401: "The key is missing or invalid.",
    403: "The key may not do this, or a page of another site has caused the request.",
    404: "It does not exist, or has no data yet.",
    409: "Another build has been published since the cursor was handed out: start again.",
    421: "The Host of the request is not a name of this server.",
    422: "A parameter is invalid.",
    429: "Too many requests: wait for as many seconds as Retry-After says.",
    503: "Nothing is published, or it cannot be read now.",
}


def answer_with_problems(app: FastAPI) -> None:
    """Let every error that the framework knows be answered as a problem."""

    @app.exception_handler(ProblemError)
    async def _problem(request: Request, problem: ProblemError) -> JSONResponse:
        return _answer(request, problem)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        name = _OF_STATUS.get(error.status_code, "refused")
        problem = ProblemError(error.status_code, name, str(error.detail), headers=error.headers)
        return _answer(request, problem)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"parameter": str(found["loc"][-1]), "message": found["msg"]}
            for found in error.errors()
        ]
        told = "; ".join(f"{one['parameter']}: {one['message']}" for one in errors)
        return _answer(request, ProblemError(422, "invalid-parameter", told, errors=errors))


def _answer(request: Request, problem: ProblemError) -> JSONResponse:
    return problem.answer(request.url.path, request.scope.get(REQUEST_ID, ""))
