"""The dbt_utils compatibility package answers what the genuine one does, and make says which."""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from finhouse.dbt import packages
from finhouse.dbt.packages import COMPATIBLE, install_dbt_packages, packages_in_use
from finhouse.dbt.process import ask_dbt
from finhouse.errors import ConfigurationError
from finhouse.settings import PROJECT_ROOT, Settings

COMPATIBILITY = PROJECT_ROOT / "dbt_project" / "compat" / "dbt_utils"

SCHEMA = """
models:
  - name: numbers
    columns:
      - name: n
        data_tests:
          - dbt_utils.accepted_range: {name: in_range, arguments: {min_value: 1, max_value: 3}}
          - dbt_utils.accepted_range:
              {name: open_range, arguments: {min_value: 1, inclusive: false}}
          - dbt_utils.accepted_range: {name: too_high, arguments: {max_value: 2}}
          - dbt_utils.expression_is_true: {name: column_true, arguments: {expression: '> 0'}}
          - dbt_utils.expression_is_true: {name: column_false, arguments: {expression: '> 1'}}
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          {name: pair_unique, arguments: {combination_of_columns: [n, letter]}}
      - dbt_utils.unique_combination_of_columns:
          {name: letter_repeated, arguments: {combination_of_columns: [letter]}}
      - dbt_utils.expression_is_true: {name: model_true, arguments: {expression: 'n <= 3'}}
"""
# Known answers: which tests fail, and on how many rows. A null passes ranges and expressions.
EXPECTED_FAILURES = {"open_range": 1, "too_high": 1, "column_false": 1, "letter_repeated": 1}
SERIES = (1, 10, 11, 65536)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    """A small dbt project that uses every macro of the package, built once."""
    folder = tmp_path_factory.mktemp("compat")
    settings = Settings(home=folder / "home", landing=folder, project_root=folder)
    project = settings.dbt_project
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text(
        "name: probe\nversion: '1.0'\nprofile: probe\nmodel-paths: [models]\n"
    )
    (project / "packages.yml").write_text(
        "packages: [{package: dbt-labs/dbt_utils, version: 1.3.1}]\n"
    )
    output = f"{{type: duckdb, path: '{folder}/probe.duckdb'}}"
    (folder / "profiles.yml").write_text(f"probe: {{outputs: {{dev: {output}}}, target: dev}}\n")
    (project / "models" / "numbers.sql").write_text(
        "select 1 as n, 'a' as letter union all select 2, 'a' union all select 3, 'b' "
        "union all select null, 'c'"
    )
    for bound in SERIES:
        (project / "models" / f"series_{bound}.sql").write_text(
            f"{{{{ dbt_utils.generate_series({bound}) }}}}"
        )
    (project / "models" / "schema.yml").write_text(SCHEMA)
    (project / "compat").mkdir()
    (project / "compat" / "dbt_utils").symlink_to(COMPATIBILITY)
    assert install_dbt_packages(settings, offline=True) == COMPATIBLE
    assert packages_in_use(settings) == COMPATIBLE
    result = ask_dbt(settings, ["build"])
    # Some tests of the probe fail on purpose: exit code 1 of dbt, not 2.
    assert result.returncode == 1, result.stdout
    return settings


def test_generic_tests_fail_exactly_where_they_should(run: Settings):
    results = json.loads((run.dbt_output / "run_results.json").read_text())["results"]
    failures = {
        result["unique_id"].split(".")[2]: result["failures"]
        for result in results
        if result["unique_id"].startswith("test.") and result["failures"]
    }
    assert failures == EXPECTED_FAILURES
    assert sum(result["unique_id"].startswith("test.") for result in results) == 8


@pytest.mark.parametrize("bound", SERIES)
def test_series_has_every_number_once(run: Settings, bound: int):
    with duckdb.connect(str(run.project_root / "probe.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            f"select generated_number from series_{bound} order by 1"
        ).fetchall()
    assert [number for (number,) in rows] == list(range(1, bound + 1))


def test_missing_compatibility_package_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="compat"):
        install_dbt_packages(
            Settings(home=tmp_path, landing=tmp_path, project_root=tmp_path), offline=True
        )


@pytest.fixture(params=["nobody", "silent", "an_error", "no_json"])
def hub(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a package hub that is of no use."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        if request.param == "silent":
            # It takes the connection, and never answers.
            yield url
            return
    if request.param == "nobody":
        yield url
        return
    status, body = (
        (500, b"") if request.param == "an_error" else (200, b"<html>log in first</html>")
    )

    class Useless(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Useless) as useless:
        threading.Thread(target=useless.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{useless.server_port}"
        useless.shutdown()


def test_a_hub_that_is_of_no_use_is_done_without(
    run: Settings, hub: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DBT_PACKAGE_HUB_URL", hub)
    monkeypatch.setattr(packages, "HUB_TIMEOUT_SECONDS", 6)
    shutil.rmtree(run.dbt_project / "dbt_packages")
    assert install_dbt_packages(run) == COMPATIBLE
    assert packages_in_use(run) == COMPATIBLE
    assert (run.dbt_project / "dbt_packages" / "dbt_utils" / "dbt_project.yml").is_file()


def test_every_macro_used_is_in_the_compatibility_package():
    """A model that uses a new dbt_utils macro must bring it to the package, too."""
    used = set()
    for folder in ("models", "macros", "seeds", "snapshots", "tests"):
        for path in (PROJECT_ROOT / "dbt_project" / folder).rglob("*.*"):
            if path.suffix in (".sql", ".yml"):
                used |= set(re.findall(r"dbt_utils\.(\w+)", path.read_text()))
    assert used
    assert used <= {path.stem for path in (COMPATIBILITY / "macros").glob("*.sql")}
