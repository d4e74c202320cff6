"""Superset as a user meets it: by its REST API, and by a browser."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

TIMEOUT_SECONDS = 60
# A busy machine draws slowly, and no test judges how fast a page is drawn.
PATIENCE_MS = 180_000
LAPTOP = {"width": 1366, "height": 768}
CHART = ".dashboard-component-chart-holder"
# Charts end with an animation.
SETTLING_MS = 1200
# By itself the browser looks at every frame, and draws one to look at.
LOOKING_MS = 200
# Background traffic of the browser itself; nothing of ours.
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Client:
    """One user's session with the REST API; the user logs in again when Superset ends it."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._login = {"username": user, "password": password, "provider": "db"}
        self._stored: dict[int, dict[str, Any]] = {}
        self._session = requests.Session()
        self._log_in()

    def _log_in(self) -> None:
        answer = requests.post(
            f"{self.url}/api/v1/security/login", json=self._login, timeout=TIMEOUT_SECONDS
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        # As a page would: without the token every change is refused whoever asks.
        token = self.get("/api/v1/security/csrf_token/").json()["result"]
        self._session.headers.update({"X-CSRFToken": token, "Referer": self.url})

    def get(self, path: str) -> requests.Response:
        return self._request("get", path)

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self._request("post", path, body)

    def put(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self._request("put", path, body)

    def delete(self, path: str) -> requests.Response:
        return self._request("delete", path)

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> requests.Response:
        def ask() -> requests.Response:
            return self._session.request(
                method, self.url + path, json=body, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )

        answer = ask()
        # A quarter of an hour: a slow machine is still at the same folder's tests.
        if answer.status_code == 401 and "Token has expired" in answer.text:
            self._log_in()
            answer = ask()
        return answer

    def everything(self, kind: str) -> list[dict[str, Any]]:
        """All charts, dashboards, datasets or databases the user may list."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.get(f"/api/v1/{kind}/?q=(page:{len(found) // 100},page_size:100)").json()
            found += answer["result"]
            if len(answer["result"]) < 100:
                return found

    def run_chart(self, chart_id: int, *, force: bool = False) -> requests.Response:
        """Run a chart's stored queries; rows as they come, not turned into the series drawn."""
        return self.post("/api/v1/chart/data", self.stored_request(chart_id) | {"force": force})

    def stored_request(self, chart_id: int) -> dict[str, Any]:
        """What is stored with a chart, without what turns its rows into series."""
        if chart_id not in self._stored:
            chart = self.get(f"/api/v1/chart/{chart_id}").json()["result"]
            stored = json.loads(chart["query_context"])
            for query in stored["queries"]:
                query.pop("post_processing")
            self._stored[chart_id] = stored
        return self._stored[chart_id]


def rows_of(answer: requests.Response) -> list[dict[str, Any]]:
    """Rows of a chart's first query; fails when any of its queries failed."""
    assert answer.status_code == 200, answer.text[:500]
    results = answer.json()["result"]
    assert [result["error"] for result in results] == [None] * len(results)
    return results[0]["data"]


def find_browser() -> str | None:
    """The system's Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def logged_in(executable: str, url: str, user: str, password: str) -> Iterator[BrowserContext]:
    """A browser of a laptop's size, logged in; its pages share the session."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, headless=True, args=BROWSER_ARGUMENTS
        )
        context = browser.new_context(viewport=LAPTOP)
        context.set_default_timeout(PATIENCE_MS)
        _log_in(context.new_page(), url, user, password)
        yield context
        browser.close()


def _log_in(page: Page, url: str, user: str, password: str) -> None:
    """By the form. As a person would, once more when nothing comes of it; that is a warning."""
    said: list[str] = []
    page.on("request", lambda request: said.append(f"{request.method} {request.url}"))
    page.on("response", lambda answer: said.append(f"{answer.status} {answer.url}"))
    for patience in (PATIENCE_MS // 3, PATIENCE_MS):
        page.goto(f"{url}/login/")
        # Keys that the form gets while the page is still loading can come to nothing.
        page.wait_for_load_state("networkidle")
        page.fill("#username", user)
        page.fill("#password", password)
        page.press("#password", "Enter")
        try:
            page.wait_for_url(lambda where: "/login" not in where, timeout=patience)
        except PlaywrightTimeout:
            shown = [page.url, page.inner_text("body"), *said[-8:]]
            warnings.warn("nothing came of a log-in:\n" + "\n".join(shown), stacklevel=2)
        else:
            return
    raise AssertionError(f"no log-in as {user} at {url}")


def open_dashboard(page: Page, url: str, slug: str, charts: int) -> None:
    """Open a dashboard, scroll it through, and wait until every chart is drawn."""
    page.goto(f"{url}/superset/dashboard/{slug}/")
    holders = page.locator(CHART)
    page.wait_for_function(
        "([chart, wanted]) => document.querySelectorAll(chart).length === wanted",
        arg=[CHART, charts],
        polling=LOOKING_MS,
    )
    # Charts out of sight are drawn when they come into it.
    for number in range(charts):
        holders.nth(number).scroll_into_view_if_needed()
        page.wait_for_timeout(100)
    page.wait_for_function(
        "busy => !document.querySelector(busy)",
        arg=f'{CHART} .loading, {CHART} [data-test="loading-indicator"]',
        polling=LOOKING_MS,
    )
    page.wait_for_timeout(SETTLING_MS)


def errors_on(page: Page) -> list[str]:
    """Texts of the error boxes on the page."""
    return [box.inner_text() for box in page.locator("[role=alert]").all() if box.is_visible()]


def screenshots(page: Page, folder: Path) -> None:
    """What a laptop shows at first sight; for `make screenshots` the whole, however long, too."""
    folder.mkdir(parents=True, exist_ok=True)
    page.locator(CHART).first.scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=str(folder / "first-sight.png"))
    # All charts are drawn anew for a window of another height.
    if not os.environ.get("FINHOUSE_TEST_SCREENSHOTS"):
        return
    height = page.evaluate(
        "Math.max(...[...document.querySelectorAll('*')].map(part => part.scrollHeight))"
    )
    page.set_viewport_size({"width": LAPTOP["width"], "height": int(height) + 20})
    page.wait_for_timeout(SETTLING_MS)
    page.screenshot(path=str(folder / "whole.png"))
    page.set_viewport_size(LAPTOP)
