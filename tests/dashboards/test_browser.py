"""Every dashboard in a real browser, as a viewer on a laptop sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from finhouse.dashboards.loading import STRIP, load_definitions
from finhouse.dashboards.queries import queries_of
from tests.dashboards.conftest import SCREENSHOTS, Stage, on_duckdb
from tests.dashboards.test_recency import older
from tests.support.superset import CHART, LAPTOP, errors_on, logged_in, open_dashboard, screenshots

# What is drawn and offered does not depend on the engine; its answers are compared elsewhere.
pytestmark = [pytest.mark.full, on_duckdb]

DASHBOARDS = {dashboard.slug: dashboard for dashboard in load_definitions().dashboards}

EXECUTIVE_CHARTS = len(DASHBOARDS["executive"].chart_titles)
PHONE = {"width": 390, "height": 844}
# Of a cell whose rule says bad: #f3b9ab.
RED = "rgb(243, 185, 171)"

# Of the browser's own bookkeeping.
BESIDE_THE_QUERY = ("applied_time_extras", "group_others_when_limit_reached")


@pytest.fixture(scope="module")
def viewers_browser(stage: Stage, browser: str) -> Iterator[BrowserContext]:
    """A browser in which the viewer has logged in."""
    password = stage.serving.passwords["viewer"]
    with logged_in(browser, stage.serving.url, "viewer", password) as context:
        yield context


@pytest.fixture
def page(viewers_browser: BrowserContext) -> Iterator[Page]:
    page = viewers_browser.new_page()
    yield page
    page.close()


@pytest.fixture(scope="module")
def executive(stage: Stage, viewers_browser: BrowserContext) -> Iterator[Page]:
    """The first dashboard, open."""
    page = viewers_browser.new_page()
    open_dashboard(page, stage.serving.url, "executive", EXECUTIVE_CHARTS)
    yield page
    page.close()


def queries_in(request: Request) -> list[dict[str, Any]]:
    """Queries of a request for a chart's data; none of a filter's or any other."""
    if request.method != "POST" or "/api/v1/chart/data" not in request.url:
        return []
    body = request.post_data_json
    return [] if body["form_data"].get("native_filter_id") else body["queries"]


def plain(query: dict[str, Any]) -> dict[str, Any]:
    """A query without what says nothing: nulls, and fields that are empty."""

    def without_nulls(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: without_nulls(value) for key, value in part.items() if value is not None}
        if isinstance(part, list):
            return [without_nulls(entry) for entry in part]
        # A browser knows no other way to write 5.0.
        return int(part) if isinstance(part, float) and part.is_integer() else part

    return {
        name: value
        for name, value in without_nulls(query).items()
        if value not in ([], {}, "") and name not in BESIDE_THE_QUERY
    }


# All that a viewer's menus offer; each of it works, or does nothing on the server.
OFFERED = {
    "page": {"Logout"},
    "dashboard": {
        *("Refresh dashboard", "Set auto-refresh", "Enter fullscreen"),
        *("Download", "Export to PDF", "Download as Image"),
    },
    "chart": {
        *("Force refresh", "Enter fullscreen", "Show chart description"),
        *("Download", "Export to .CSV", "Export to Excel", "Download as image"),
    },
}


def test_viewer_is_offered_nothing_that_is_refused(stage: Stage, page: Page):
    slug = "bank-partnerships"
    open_dashboard(page, stage.serving.url, slug, charts=len(DASHBOARDS[slug].chart_titles))
    page.evaluate("window.scrollTo(0, 0)")
    always = {"Dashboards", "Settings"}
    hover_until(page, "Settings", shows="Logout")
    assert offered(page) - always == OFFERED["page"]
    page.mouse.move(LAPTOP["width"] / 2, LAPTOP["height"] / 2)
    page.get_by_role("menuitem", name="Logout").wait_for(state="hidden")
    page.locator(CHART).locator("[aria-label='More Options']").first.click()
    hover_until(page, "Download", shows="Export to .CSV")
    assert offered(page) - always == OFFERED["chart"]
    page.keyboard.press("Escape")
    page.mouse.move(LAPTOP["width"] / 2, LAPTOP["height"] - 1)
    for item in ("Force refresh", "Export to .CSV"):
        page.get_by_role("menuitem", name=item).wait_for(state="hidden")
    page.locator("[data-test=actions-trigger]").click()
    hover_until(page, "Download", shows="Export to PDF")
    assert offered(page) - always == OFFERED["dashboard"]


def hover_until(page: Page, item: str, *, shows: str) -> None:
    """Open a menu below a menu: while one is still unfolding, it does not feel the mouse."""
    for _ in range(20):
        # Its name begins the line; "Download as image" is in the menu that it opens.
        opener = page.get_by_role("menuitem", name=re.compile(rf"{item}(?! as)"))
        opener.locator("visible=true").first.hover()
        try:
            page.get_by_role("menuitem", name=shows).wait_for(timeout=2000)
        except PlaywrightTimeout:
            page.mouse.move(LAPTOP["width"] / 2, LAPTOP["height"] - 1)
        else:
            return
    raise AssertionError(f"the menu {item} does not show {shows}: {offered(page)}")


def offered(page: Page) -> set[str]:
    """First lines of the items in the menus that are open."""
    items = page.get_by_role("menuitem").all()
    shown = {item.inner_text().splitlines()[0] for item in items if item.is_visible()}
    return {text for text in shown if not text.startswith("Version: ")}


def test_viewer_lands_on_the_first_dashboard(stage: Stage, page: Page):
    page.goto(f"{stage.serving.url}/")
    page.wait_for_url("**/superset/dashboard/executive/**")


def test_the_period_that_is_spelt_out_counts_from_the_data(stage: Stage, page: Page):
    [(last,)] = stage.published("select max(as_of_date) from published.data_recency")
    answer = page.request.get(f"{stage.serving.url}/api/v1/time_range/?q='Last quarter'")
    [told] = answer.json()["result"]
    assert told["until"][:10] == (last + timedelta(days=1)).isoformat()


def test_a_dashboard_nobody_publishes_to_any_more_is_red(stage: Stage, page: Page, executive: Page):
    """Whoever opens it sees so, cached results or not."""
    assert strip_of(executive).first.inner_text() == "ok"
    with older(stage, 48):
        open_dashboard(page, stage.serving.url, "executive", EXECUTIVE_CHARTS)
        strip = strip_of(page)
        assert strip.first.inner_text() == "late"
        for cell in strip.all():
            colour = cell.evaluate("cell => getComputedStyle(cell).backgroundColor")
            assert colour == RED


def strip_of(page: Page) -> Locator:
    """Cells that say how old the data of an open dashboard are."""
    return page.locator(f"[data-test-chart-name='{STRIP}'] tbody td")


def test_a_formula_is_read_where_the_title_is_pointed_at(stage: Stage, executive: Page):
    chart = stage.definitions.charts["executive", "Volume"]
    title = executive.locator("[data-test-chart-name='Volume'] [data-test=slice-header]")
    said = "title => getComputedStyle(title, '::after').content"
    assert title.evaluate(said) == "none"
    title.hover()
    assert title.evaluate(said).strip('"') == chart.note


def test_tiles_can_be_read_on_a_phone(stage: Stage, page: Page):
    """Two in a row, as wide as they are drawn, and nothing beyond the screen's edge."""
    page.set_viewport_size(PHONE)
    open_dashboard(page, stage.serving.url, "executive", EXECUTIVE_CHARTS)
    page.screenshot(path=str(SCREENSHOTS / stage.target / "executive" / "phone.png"))
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    tiles = page.locator(f"{CHART}:has(.superset-legacy-chart-big-number)").all()
    assert len(tiles) >= 6
    for tile in tiles:
        box = tile.bounding_box()
        assert box["width"] >= 160 and box["x"] + box["width"] <= PHONE["width"], box


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_viewer_sees_every_chart_and_no_error(stage: Stage, page: Page, slug: str):
    dashboard = DASHBOARDS[slug]
    answered: list[tuple[int, str]] = []
    asked: list[dict[str, Any]] = []
    page.on("response", lambda answer: answered.append((answer.status, answer.url)))
    page.on("request", lambda request: asked.extend(queries_in(request)))
    open_dashboard(page, stage.serving.url, slug, charts=len(dashboard.chart_titles))
    screenshots(page, SCREENSHOTS / stage.target / slug)
    assert errors_on(page) == []
    # Superset's own page asks for a pixel of a third party: the policy lets nothing out.
    strangers = {
        where for _, where in answered if urlsplit(where).hostname not in (None, "127.0.0.1")
    }
    assert strangers == set()
    failed = [(status, where) for status, where in answered if "/api/v1/chart/data" in where]
    assert [status for status, _ in failed if status >= 400] == []
    assert len(failed) >= len(dashboard.chart_titles)
    # What is drawn is what is stored: a viewer's request is rebuilt from that.
    stored = {
        json.dumps(plain(query), sort_keys=True)
        for chart in stage.definitions.charts_of(dashboard)
        for query in queries_of(chart, stage.catalog[chart.mart])
    }
    assert {json.dumps(plain(query), sort_keys=True) for query in asked} == stored
