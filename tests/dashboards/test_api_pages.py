"""The pages of the KPI API, in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.support.api_server import Served, serving
from tests.support.house import House
from tests.support.superset import BROWSER_ARGUMENTS, LAPTOP

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def api(served_house: House) -> Iterator[Served]:
    with serving(served_house, "duckdb") as served:
        yield served


@pytest.fixture
def page(browser: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, headless=True, args=BROWSER_ARGUMENTS
        )
        yield chromium.new_context(viewport=LAPTOP).new_page()
        chromium.close()


@pytest.mark.parametrize(
    ("path", "operation"), [("/docs", ".opblock"), ("/redoc", "[data-section-id^='operation/']")]
)
def test_a_page_shows_every_operation_and_asks_no_other_host(
    api: Served, page: Page, path: str, operation: str
):
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    described = api.get("/openapi.json")["paths"].values()
    page.goto(f"{api.server.url}{path}")
    page.wait_for_selector(operation)
    page.wait_for_load_state("networkidle")
    shown = page.locator(operation)
    assert shown.count() == sum(len(operations) for operations in described)
    assert not errors
    here = (api.server.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(here)] == []


def test_a_request_can_be_tried(api: Served, page: Page):
    page.goto(f"{api.server.url}/docs")
    page.click("#operations-state-ready .opblock-summary-control")
    page.click("#operations-state-ready .try-out__btn")
    page.click("#operations-state-ready .execute")
    answered = page.locator("#operations-state-ready .live-responses-table .response-col_status")
    assert answered.nth(1).inner_text().startswith("200")
    assert api.get("/ready")["publication_id"] in page.inner_text("#operations-state-ready")
