"""What dbt's own artefacts say of one invocation: counts, and failures a reader can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finhouse.errors import TransformError
from finhouse.files import read_json
from finhouse.settings import Settings

if TYPE_CHECKING:  # an orchestrator reads the manifest often, and without any engine
    from finhouse.warehouse import Warehouse

_FAILED = ("error", "fail", "runtime error")
EXAMPLE_ROWS = 3
# The column in which the generic test row_rules names what a row breaks, and how many different
# breaches are shown: one row of each.
BROKEN_RULES = "broken_rules"
EXAMPLE_BREACHES = 10


@dataclass(frozen=True)
class DbtSummary:
    """What one dbt invocation did: nodes by status, and the failures by name with their message."""

    passed: int
    warned: int
    skipped: int
    failures: dict[str, str]

    @property
    def nodes(self) -> int:
        """All nodes dbt looked at."""
        return self.passed + self.warned + self.skipped + len(self.failures)


def results_file(settings: Settings) -> Path:
    """Where dbt writes what became of each node of its last run."""
    return settings.dbt_output / "run_results.json"


def read_results(settings: Settings) -> dict[str, Any]:
    """dbt's run_results.json of its last run.

    Raises:
        TransformError: it is missing or damaged.
    """
    return results_in(results_file(settings))


def results_in(file: Path) -> dict[str, Any]:
    """A file in which dbt says what became of each node, or of each source.

    Raises:
        TransformError: it is missing or damaged.
    """
    return read_json(
        file,
        _results,
        TransformError,
        "run the same command again: dbt writes it anew; check the free disk space",
    )


def _results(found: Any) -> dict[str, Any]:
    if not isinstance(found["results"], list) or not isinstance(found["metadata"], dict):
        raise TypeError
    return found


def summarise(run_results: Mapping, models_by_test: Mapping[str, str]) -> DbtSummary:
    """Count the nodes of dbt's run_results.json by outcome and name its failures.

    Args:
        run_results: the file's content.
        models_by_test: unique id of a test -> name of the model it judges (``models_by_test``).
    """
    by_status: dict[str, int] = {}
    failures: dict[str, str] = {}
    for result in run_results["results"]:
        by_status[result["status"]] = by_status.get(result["status"], 0) + 1
        if result["status"] in _FAILED:
            judged = models_by_test.get(result["unique_id"])
            reason = " ".join((result["message"] or "no message").split())
            failures[_short(result["unique_id"])] = (
                f"on model {judged}: {reason}" if judged else reason
            )
    return DbtSummary(
        passed=by_status.get("success", 0) + by_status.get("pass", 0),
        warned=by_status.get("warn", 0),
        skipped=by_status.get("skipped", 0),
        failures=failures,
    )


def failing_rows(run_results: Mapping, warehouse: Warehouse) -> dict[str, list[str]]:
    """Name of each failed test -> examples of the rows it found, as JSON.

    A test whose query itself fails has no rows and is left out.
    """
    found: dict[str, list[str]] = {}
    for name, query in failing_queries(run_results).items():
        try:
            rows = warehouse.execute(
                f"select cast(to_json(failing) as text) from (\n{query}\n) as failing"
            )
        except warehouse.engine_error:
            continue
        found[name] = [row for (row,) in rows]
    return found


def failing_queries(run_results: Mapping) -> dict[str, str]:
    """Name of each failed test -> a query of rows it found.

    Of ``row_rules``, which judges many rules at once, one row for each set of broken rules and how
    many rows break it, up to ``EXAMPLE_BREACHES``; of any other test the first ``EXAMPLE_ROWS``.
    """
    return {
        _short(result["unique_id"]): _examples(result["compiled_code"])
        for result in run_results["results"]
        if result["status"] == "fail" and result.get("compiled_code")
    }


def _examples(query: str) -> str:
    if f"as {BROKEN_RULES}" not in query:
        return f"select * from (\n{query}\n) as failing limit {EXAMPLE_ROWS}"
    return (
        f"select * from (select failing.*, "
        f"count(*) over (partition by {BROKEN_RULES}) as rows_that_break_them, "
        f"row_number() over (partition by {BROKEN_RULES} order by {BROKEN_RULES}) as row_shown "
        f"from (\n{query}\n) as failing) as numbered "
        f"where row_shown = 1 order by rows_that_break_them desc limit {EXAMPLE_BREACHES}"
    )


def _short(unique_id: str) -> str:
    """``test.finhouse.unique_users_id.0a1b`` -> ``test.unique_users_id``; a unit test's model too.

    ``unit_test.finhouse.user_ltv.spreads_days`` -> ``unit_test.user_ltv.spreads_days``.
    """
    kind, _, *names = unique_id.split(".")
    return ".".join([kind, *names[: 2 if kind == "unit_test" else 1]])
