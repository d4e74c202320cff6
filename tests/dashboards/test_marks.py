"""What Superset keeps and answers shows no marked person of the demo company."""

from __future__ import annotations

import pytest

from finhouse.dashboards.serving import superset_server
from tests.dashboards.conftest import Stage, on_duckdb
from tests.support.marks import OMITTED, Search, masked_marks

pytestmark = [pytest.mark.full, on_duckdb]


def test_no_marked_person_is_in_superset(stage: Stage):
    """Answers of charts, and what they leave behind: metadata, caches, logs, the bundle."""
    search = Search((*OMITTED, *masked_marks(stage.house)))
    client, seen = stage.client("admin"), 0
    for identifier in sorted({*stage.serving.chart_ids.values()}):
        answer = client.get(f"/api/v1/chart/{identifier}/data/")
        seen += answer.status_code == 200
        assert search.found_in(answer.content) == set(), identifier
    assert seen > 20
    home = superset_server(stage.settings).home
    assert (home / "superset.db").exists()
    assert search.in_folder(home) == []
