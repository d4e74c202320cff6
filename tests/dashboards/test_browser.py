"""Every dashboard in a real browser, as a viewer on a laptop sees it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from finhouse.dashboards.loading import load_definitions
from tests.dashboards.conftest import SCREENSHOTS, Stage
from tests.support.superset import browser_page, errors_on, open_dashboard, screenshots

pytestmark = pytest.mark.full

DASHBOARDS = {dashboard.slug: dashboard for dashboard in load_definitions().dashboards}


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_viewer_sees_every_chart_and_no_error(stage: Stage, browser: str, slug: str):
    if stage.target == "postgres" and slug != "executive":
        pytest.skip("drawn from DuckDB; the charts' data are compared in test_charts")
    dashboard = DASHBOARDS[slug]
    answered: list[tuple[int, str]] = []
    url = stage.serving.url
    with browser_page(browser, url, "viewer", stage.serving.passwords["viewer"]) as page:
        page.on("response", lambda answer: answered.append((answer.status, answer.url)))
        open_dashboard(page, url, slug, charts=len(dashboard.chart_titles))
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
