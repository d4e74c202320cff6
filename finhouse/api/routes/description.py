"""Pages that show the API's description: Swagger UI, in which requests can be tried, and ReDoc.

fastapi-offline brings what they are made of, which is served from here: they ask no other host.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response

SWAGGER, REDOC = "/docs", "/redoc"
_ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "favicon.png")
# ReDoc's script asks its maker for this picture.
_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
# Paths that need no key, as the description itself needs none.
DESCRIPTION_PATHS = (SWAGGER, REDOC, *(f"{SWAGGER}/{name}" for name in _ASSETS))
_STATIC = Path(fastapi_offline.__file__).parent / "static"
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.S)

router = APIRouter(include_in_schema=False)


@router.get(SWAGGER)
def swagger(request: Request) -> Response:
    app: FastAPI = request.app
    return _page(
        get_swagger_ui_html(
            openapi_url=str(app.openapi_url),
            title=app.title,
            swagger_js_url=f"{SWAGGER}/swagger-ui-bundle.js",
            swagger_css_url=f"{SWAGGER}/swagger-ui.css",
            swagger_favicon_url=f"{SWAGGER}/favicon.png",
        )
    )


@router.get(REDOC)
def redoc(request: Request) -> Response:
    app: FastAPI = request.app
    return _page(
        get_redoc_html(
            openapi_url=str(app.openapi_url),
            title=app.title,
            redoc_js_url=f"{SWAGGER}/redoc.standalone.js",
            redoc_favicon_url=f"{SWAGGER}/favicon.png",
            with_google_fonts=False,
        )
    )


def _page(page: HTMLResponse) -> HTMLResponse:
    """The page, and what a browser may run and fetch for it: what came with it, from this host."""
    scripts = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(bytes(page.body).decode())
    )
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; worker-src blob:; frame-ancestors 'none'"
    )
    return page


def _serve(name: str) -> None:
    @router.get(f"{SWAGGER}/{name}")
    def asset() -> Response:
        content = (_STATIC / name).read_bytes().replace(_LOGO, f"{SWAGGER}/favicon.png".encode())
        return Response(content, media_type=mimetypes.guess_type(name)[0])


for _name in _ASSETS:
    _serve(_name)
