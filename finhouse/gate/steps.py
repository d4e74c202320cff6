"""The gate's steps, cheapest first, and which of them can run when another one has failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from finhouse.console import console, print_table
from finhouse.dashboards.serving import check_dashboards
from finhouse.dbt.manifest import models_of, read_manifest
from finhouse.errors import FinhouseError, GateError
from finhouse.gate.api_changes import check_api
from finhouse.gate.builds import (
    PROJECT_FILES,
    Built,
    Change,
    Pair,
    build_base,
    build_head,
    compile_head,
    head_settings,
    try_empty,
)
from finhouse.gate.commits import Commit, base_commit, differs_in_comments_alone
from finhouse.gate.conventions import check_conventions, check_masking, parse_strictly
from finhouse.gate.inputs import (
    DEFAULT_SCALE,
    FrozenInput,
    frozen_before,
    frozen_input,
    lived_input,
)
from finhouse.gate.lint import lint_python, lint_sql, lint_yaml
from finhouse.gate.moves import find_moves
from finhouse.gate.report import (
    declaration_lines,
    render,
    render_failures,
    render_nothing,
    summary,
)
from finhouse.gate.second_build import check_second_build, keeping_state
from finhouse.gate.workspace import exclusive, gate_home
from finhouse.settings import Settings

# What it takes to compare base and head, without the checks.
COMPARING = ("base", "compile", "build", "moves")
# Files that decide what dbt builds, and what of it is personal data.
BUILT_FROM = (*PROJECT_FILES, "finhouse/sources")
PASSED, FAILED, NOT_RUN = "passed", "FAILED", "not run"


@dataclass(frozen=True)
class Step:
    """One check.

    Attributes:
        name: what tables and tests call it.
        what: what it does, in words.
        run: does it; says in a line what it looked at.
        needs: steps that must have passed, should they be run; None: all before it.
    """

    name: str
    what: str
    run: Callable[[], str]
    needs: tuple[str, ...] | None = ()


class Gate:
    """Everything the steps share; each part is made by the first step that needs it.

    Args:
        settings: of the work tree; the gate keeps its things in ``<home>/gate``.
        ref: the base; see ``base_commit``.
        scale: size of the demo company both versions are built on.

    Attributes:
        commit: the base.
        report: what moves, as Markdown; written by the last step, or by the one that fails.
    """

    def __init__(
        self, settings: Settings, ref: str | None = None, scale: float = DEFAULT_SCALE
    ) -> None:
        self._settings = settings
        self._scale = scale
        self.commit: Commit = base_commit(settings.project_root, ref)
        self.report = gate_home(settings) / "moves.md"

    def steps(self) -> list[Step]:
        """The steps in order: what costs less comes first."""
        return [
            Step("python", "ruff: lint and format", self._python),
            Step("yaml", "yamllint", self._yaml),
            Step("parse", "dbt parse, warnings are errors", self._parse),
            Step(
                *("conventions", "dbt-bouncer and the rules of the house", self._conventions),
                needs=("parse",),
            ),
            Step(
                *("dashboards", "dashboard -> chart -> mart -> column", self._dashboards),
                needs=("parse",),
            ),
            Step("api", "the API, its snapshot, and what breaks its callers", self._api),
            # The longest of these, where a macro of many files differs.
            Step("sql", "sqlfluff", self._sql, needs=None),
            *map(self._needed, self._comparing_steps()),
        ]

    def _comparing_steps(self) -> list[Step]:
        built = ("build",)
        return [
            Step("base", "the base, built on the frozen input", self._base, None),
            Step("compile", "dbt compile, and what differs from the base", self._compile, None),
            Step("unit tests", "unit tests, and a build without rows (--empty)", self._empty, None),
            Step("build", "what differs, with data tests", self._build, ("compile",)),
            Step("personal data", "columns followed from the source", self._masking, built),
            Step("second build", "what keeps state, some days later", self._again, built),
            Step("moves", "what moves, and whether it is declared", self._moves, built),
        ]

    def _needed(self, step: Step) -> Step:
        """The step, with nothing to do where nothing that is built differs."""
        return replace(step, run=lambda: self._nothing() if self._is_still else step.run())

    @cached_property
    def _is_still(self) -> bool:
        return differs_in_comments_alone(self._settings.project_root, self.commit, BUILT_FROM)

    def _nothing(self) -> str:
        self.report.write_text(render_nothing(self.commit), encoding="utf-8")
        return "not needed: nothing that is built differs from the base"

    @cached_property
    def _parsing(self) -> Settings:
        # As it will be compiled: dbt parses once for both.
        return head_settings(self._settings)

    @cached_property
    def _frozen(self) -> FrozenInput:
        return frozen_input(self._settings, self._scale)

    @cached_property
    def base(self) -> Built:
        """The base, built."""
        return build_base(self._settings, self.commit, self._frozen)

    @cached_property
    def change(self) -> Change:
        """The work tree held against the base."""
        return compile_head(self._settings, self.base, self.commit, self._frozen)

    @cached_property
    def head(self) -> Built:
        """The work tree, built."""
        return build_head(self.change)

    def _python(self) -> str:
        lint_python(self._settings.project_root)
        return "all Python"

    def _yaml(self) -> str:
        return lint_yaml(self._settings.project_root, self.commit)

    def _parse(self) -> str:
        made = frozen_before(self._settings, self._scale)
        nodes = parse_strictly(self._parsing, made.variables if made else {})["nodes"]
        return f"{len(nodes):,} nodes"

    def _conventions(self) -> str:
        return f"{check_conventions(self._parsing, self.commit)} models"

    def _dashboards(self) -> str:
        definitions = check_dashboards(self._settings, read_manifest(self._parsing))
        return f"{len(definitions.dashboards)} dashboards, {len(definitions.charts)} charts"

    def _api(self) -> str:
        return f"{check_api(self._settings.project_root, self.commit)} addresses"

    def _sql(self) -> str:
        manifest = read_manifest(self._parsing)
        count = lint_sql(self._settings.project_root, self.commit, manifest)
        return f"{count} files that differ, or call a macro that does"

    def _base(self) -> str:
        count = len(models_of(self.base.manifest))
        return f"{self.commit.short} ({self.commit.chosen_as}): {count} models"

    def _compile(self) -> str:
        change = self.change
        if change.without_rows:
            names = ", ".join(change.without_rows)
            console.print(f"  without rows, as the demo company does not have them: {names}")
        return f"{len(change.selection)} models, seeds, snapshots and tests that differ"

    def _empty(self) -> str:
        return try_empty(self.change)

    def _build(self) -> str:
        return self.head.said

    def _masking(self) -> str:
        return f"{check_masking(self.head)} marts"

    def _again(self) -> str:
        nodes = keeping_state(self.head)
        if nodes:
            lived = lived_input(self._settings, self._scale)
            check_second_build(self.head, lived, gate_home(self._settings) / "second")
        return ", ".join(node["name"] for node in nodes) or "nothing that keeps state differs"

    def _moves(self) -> str:
        pair = Pair(self.commit, self._frozen, self.base, self.head, self.change.without_rows)
        moves = find_moves(pair)
        self.report.write_text(render(moves), encoding="utf-8")
        for line in summary(moves):
            console.print(line, markup=False)
        if moves.undeclared:
            raise GateError(
                "CHANGELOG.md does not declare what breaks: "
                + ", ".join(entry.name for entry in moves.undeclared),
                "undo them, or add to CHANGELOG.md, completed with words of yours:\n"
                + "\n".join(f"    {line}" for line in declaration_lines(moves.undeclared)),
            )
        return "what breaks is declared"


def run_gate(
    settings: Settings,
    ref: str | None = None,
    scale: float = DEFAULT_SCALE,
    only: Container[str] | None = None,
) -> None:
    """Run all steps, or those named, and print the table of them.

    One run tells all it can: of what takes seconds everything is run, and what takes longer begins
    when nothing of that has failed. Then only what needs a step that failed is left out.

    Raises:
        FinhouseError: the error of the step that failed; a ``GateError`` of all, where several did.
    """
    with exclusive(settings):
        gate = Gate(settings, ref, scale)
        gate.report.unlink(missing_ok=True)
        rows: list[tuple[str, str, str, str]] = []
        failures: dict[str, FinhouseError] = {}
        not_passed: set[str] = set()
        for step in gate.steps():
            if only is not None and step.name not in only:
                continue
            if not_passed.intersection(not_passed if step.needs is None else step.needs):
                not_passed.add(step.name)
                rows.append((step.name, NOT_RUN, "", step.what))
                continue
            console.print(f"[bold]{step.name}[/bold]: {step.what}")
            started = time.monotonic()
            try:
                said, outcome = step.run(), PASSED
            except FinhouseError as error:
                failures[step.name] = error
                not_passed.add(step.name)
                said, outcome = step.what, FAILED
            rows.append((step.name, outcome, f"{time.monotonic() - started:.1f}", said))
        print_table("Gate", ["step", "result", "seconds", "looked at"], rows, numeric=("seconds",))
        if failures:
            _report_failures(gate.report, failures)
        console.print(f"Report: {gate.report}", markup=False)
        if failures:
            raise _as_one(failures)


def _report_failures(report: Path, failures: Mapping[str, FinhouseError]) -> None:
    """Put into the report what it does not tell: the failures of all steps but its own."""
    others = {step: error for step, error in failures.items() if step != "moves"}
    if others:
        moves = report.read_text(encoding="utf-8") if report.exists() else None
        report.write_text(render_failures(others, moves), encoding="utf-8")


def _as_one(failures: Mapping[str, FinhouseError]) -> FinhouseError:
    if len(failures) == 1:
        return next(iter(failures.values()))
    return GateError(
        f"{len(failures)} checks fail\n"
        + "\n".join(f"{step}: {error}" for step, error in failures.items())
    )
