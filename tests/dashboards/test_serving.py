"""Import, prune, refresh: what `make serve` promises beside the charts themselves."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from finhouse.dashboards.bundle import chart_identifier
from finhouse.dashboards.definitions import DEFINITIONS
from finhouse.dashboards.serving import refresh_caches, serve, superset_server
from finhouse.publish import publish
from finhouse.warehouse import connect, connect_published
from tests.dashboards.conftest import ENDLESS, Stage
from tests.support.superset import rows_of

pytestmark = pytest.mark.full

# `make test-swaps` makes a hundred.
SWAPS = int(os.environ.get("FINHOUSE_TEST_SWAPS", "4"))
KINDS = ("dashboard", "chart", "dataset", "database")


def inventory(stage: Stage) -> dict[str, set[tuple[int, str]]]:
    """Id and name of everything in Superset."""
    admin = stage.client("admin")
    names = {"dashboard": "slug", "chart": "slice_name", "dataset": "table_name"}
    return {
        kind: {
            (entry["id"], entry[names.get(kind, "database_name")])
            for entry in admin.everything(kind)
        }
        for kind in KINDS
    }


def serve_from(stage: Stage, folder: Path = DEFINITIONS):
    with connect_published(stage.settings) as published:
        return serve(stage.settings, published, folder)


def test_a_killed_serve_leaves_nothing_half_made(stage: Stage, killed_serve: dict[str, str]):
    assert "superset.db.incoming" in killed_serve
    assert not {"superset.db", "initialised"} & killed_serve.keys()
    secrets = stage.serving.passwords.values()
    assert secrets and {
        name
        for name, content in killed_serve.items()
        if any(password in content for password in secrets)
    } == {f"passwords/{user}" for user in stage.serving.passwords}
    home = superset_server(stage.settings).home
    assert not list(home.glob("superset.db.incoming*"))


BY_HAND = {
    "update slices set slice_name = 'Nonsense' where slice_name = 'Volume'": (
        "select count(*) from slices where slice_name = 'Volume'"
    ),
    "delete from dashboard_slices where dashboard_id = (select min(id) from dashboards)": (
        "select count(*) from dashboard_slices"
    ),
    "insert into ab_permission_view_role (permission_view_id, role_id) "
    "select pv.id, r.id from ab_permission_view as pv, ab_role as r "
    "where r.name = 'viewer' and not exists (select 1 from ab_permission_view_role as held "
    "where held.permission_view_id = pv.id and held.role_id = r.id) limit 1": (
        "select count(*) from ab_permission_view_role as held "
        "inner join ab_role as r on r.id = held.role_id where r.name = 'viewer'"
    ),
}


def test_superset_becomes_what_the_code_says_and_keeps_what_analysts_made(
    stage: Stage, tmp_path: Path
):
    if stage.target != "duckdb":
        pytest.skip("the metadata does not depend on the target")
    before = inventory(stage)
    again = serve_from(stage)
    assert (again.imported, again.removed) == ({}, {}), "nothing has changed"
    assert again.chart_ids == stage.serving.chart_ids
    assert inventory(stage) == before

    admin = stage.client("admin")
    made = admin.post(
        "/api/v1/chart/",
        {
            "slice_name": "An analyst's own",
            "datasource_id": stage.dataset_id("kpi_monthly"),
            "datasource_type": "table",
            "viz_type": "table",
            "params": "{}",
        },
    )
    assert made.status_code == 201, made.text[:300]
    own = f"/api/v1/chart/{made.json()['id']}"

    # What is gone from the code goes.
    folder = tmp_path / "superset"
    shutil.copytree(DEFINITIONS, folder)
    (folder / "dashboards" / "growth.yaml").unlink()
    shutil.rmtree(folder / "charts" / "growth")
    uptime = folder / "charts" / "operations" / "fraud-losses.yaml"
    uptime.write_text(uptime.read_text().replace("title: Fraud losses", "title: Lost to fraud"))
    uptime.rename(uptime.with_name("lost-to-fraud.yaml"))
    operations = folder / "dashboards" / "operations.yaml"
    operations.write_text(operations.read_text().replace("Fraud losses", "Lost to fraud"))
    changed = serve_from(stage, folder)
    assert changed.removed["dashboards"] == ["Growth"]
    assert "Fraud losses" in changed.removed["charts"]
    names = {name for _, name in inventory(stage)["chart"]}
    assert "Lost to fraud" in names and "Fraud losses" not in names

    # What comes back comes back, and what somebody changed in Superset is as the code says.
    with closing(sqlite3.connect(superset_server(stage.settings).home / "superset.db")) as metadata:
        for change in BY_HAND:
            metadata.execute(change)
        metadata.commit()
        by_hand = [metadata.execute(seen).fetchall() for seen in BY_HAND.values()]
        restored = serve_from(stage)
        restored_state = [metadata.execute(seen).fetchall() for seen in BY_HAND.values()]
    assert restored.removed == {"charts": ["Lost to fraud"]}
    assert all(one != other for one, other in zip(by_hand, restored_state, strict=True))
    assert admin.get(own).status_code == 200
    assert admin.delete(own).status_code == 200
    after = inventory(stage)
    assert {kind: {name for _, name in things} for kind, things in after.items()} == {
        kind: {name for _, name in things} for kind, things in before.items()
    }
    # Identifiers may be new for what was away and came back.
    stage.serving.chart_ids.update(restored.chart_ids)
    stage.serving.dashboard_ids.update(restored.dashboard_ids)


def volume(stage: Stage, *, force: bool = False) -> float:
    dashboard = stage.definitions.dashboards[0]
    chart = stage.definitions.charts[dashboard.slug, "Volume"]
    identifier = stage.serving.chart_ids[chart_identifier(dashboard, chart)]
    rows = rows_of(stage.client("admin").run_chart(identifier, force=force))
    return max(row["monthly_transaction_volume"] for row in rows)


def test_a_new_build_is_seen_at_once(stage: Stage):
    """Cached results live until the publication, and no longer; nor does what a query has open."""
    before = volume(stage)
    done = threading.Event()

    def read_what_was_there() -> None:
        while not done.is_set():
            stage.run_sql("analyst", ENDLESS[stage.target])

    reader = threading.Thread(target=read_what_was_there)
    reader.start()
    change = (
        "update marts.kpi_monthly set numerator = numerator {} 1000000 "
        "where kpi_code = 'monthly_transaction_volume'"
    )
    try:
        stage.house.execute_warehouse(change.format("+"), stage.target)
        assert volume(stage) == before
        stage.house.succeed("--target", stage.target, "publish")
        assert volume(stage) == pytest.approx(before + 1_000_000)
    finally:
        done.set()
        reader.join()
        stage.house.execute_warehouse(change.format("-"), stage.target)
        stage.house.succeed("--target", stage.target, "publish")
    assert volume(stage) == pytest.approx(before)


def test_reading_while_publishing_never_fails(stage: Stage):
    seen: list[float] = []
    errors: list[Exception] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                seen.append(volume(stage, force=True))
            except (AssertionError, OSError) as error:
                errors.append(error)

    expected = volume(stage)
    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        with connect(stage.settings) as warehouse:
            for _ in range(SWAPS):
                publish(stage.settings, warehouse)
                refresh_caches(stage.settings)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert errors == []
    assert len(seen) > SWAPS
    assert set(seen) == {expected}


def test_refreshing_does_nothing_without_a_server(tmp_path: Path, stage: Stage):
    server = superset_server(stage.settings)
    assert refresh_caches(stage.settings) is True
    assert type(server)(tmp_path / "nowhere").is_running() is False
