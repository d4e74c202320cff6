"""Superset as a user meets it: by its REST API, and by a browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, sync_playwright

TIMEOUT_SECONDS = 60
LAPTOP = {"width": 1366, "height": 768}
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
    """One user's session with the REST API."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        answer = requests.post(
            f"{url}/api/v1/security/login",
            json={"username": user, "password": password, "provider": "db"},
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str) -> requests.Response:
        return self._session.get(self.url + path, timeout=TIMEOUT_SECONDS)

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self._session.post(self.url + path, json=body, timeout=TIMEOUT_SECONDS)

    def delete(self, path: str) -> requests.Response:
        return self._session.delete(self.url + path, timeout=TIMEOUT_SECONDS)

    def put(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self._session.put(self.url + path, json=body, timeout=TIMEOUT_SECONDS)

    def everything(self, kind: str) -> list[dict[str, Any]]:
        """All charts, dashboards, datasets or databases the user may list."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.get(f"/api/v1/{kind}/?q=(page:{len(found) // 100},page_size:100)").json()
            found += answer["result"]
            if len(answer["result"]) < 100:
                return found

    def run_chart(self, chart_id: int, *, force: bool = False) -> requests.Response:
        """Run a chart's stored queries."""
        return self.get(f"/api/v1/chart/{chart_id}/data/{'?force=true' if force else ''}")


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
def browser_page(url: str, user: str, password: str) -> Iterator[Page]:
    """A page of a laptop's size, logged in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), headless=True, args=BROWSER_ARGUMENTS
        )
        page = browser.new_page(viewport=LAPTOP)
        page.goto(f"{url}/login/")
        page.fill("#username", user)
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_url(lambda where: "/login" not in where)
        yield page
        browser.close()


def open_dashboard(page: Page, url: str, slug: str, charts: int) -> None:
    """Open a dashboard, scroll it through, and wait until every chart is drawn."""
    page.goto(f"{url}/superset/dashboard/{slug}/")
    page.wait_for_selector(".dashboard-component-chart-holder", timeout=60_000)
    holders = page.locator(".dashboard-component-chart-holder")
    # Charts out of sight are drawn when they come into it.
    for number in range(holders.count()):
        holders.nth(number).scroll_into_view_if_needed()
        page.wait_for_timeout(100)
    page.wait_for_function(
        "charts => document.querySelectorAll('.dashboard-component-chart-holder').length === charts"
        " && !document.querySelector('.dashboard-component-chart-holder .loading, "
        '.dashboard-component-chart-holder [data-test="loading-indicator"]\')',
        arg=charts,
        timeout=60_000,
    )
    page.wait_for_timeout(800)


def errors_on(page: Page) -> list[str]:
    """Texts of the error boxes on the page."""
    return [box.inner_text() for box in page.locator("[role=alert]").all() if box.is_visible()]


def whole_page(page: Page, path: Path) -> None:
    """A screenshot of the whole dashboard, however long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height = page.evaluate(
        "Math.max(...[...document.querySelectorAll('*')].map(e => e.scrollHeight))"
    )
    page.set_viewport_size({"width": LAPTOP["width"], "height": int(height) + 20})
    page.wait_for_timeout(1500)
    page.screenshot(path=str(path))
    page.set_viewport_size(LAPTOP)


def as_json(value: Any) -> str:
    return json.dumps(value, default=str)
