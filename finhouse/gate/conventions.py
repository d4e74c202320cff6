"""Structure rules: dbt parses without a warning, dbt-bouncer and the house's rules agree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from finhouse.dbt.inheritance import Inheritance
from finhouse.dbt.kpis import CATALOGUE, parse_kpi_catalogue, read_kpi_catalogue
from finhouse.dbt.manifest import marts_of, models_of, read_manifest
from finhouse.dbt.process import ask_dbt
from finhouse.domains import declared_domains, selected_domains
from finhouse.errors import ConfigurationError, GateError
from finhouse.files import read_json
from finhouse.gate.builds import Built
from finhouse.gate.commits import Commit, file_at
from finhouse.gate.lineage import columns_handed_on, read_lineage
from finhouse.gate.rules import (
    Finding,
    house_findings,
    marts_below_their_class,
    unclassified_columns,
    unmasked_columns,
)
from finhouse.settings import Settings
from finhouse.sources import available_sources, read_source

# An environment of its own, beside ours: dbt-bouncer wants a duckdb older than the files.
BOUNCER = Path(sys.prefix).with_name(".venv-gate") / "bin" / "dbt-bouncer"
BOUNCER_CONFIG = "dbt-bouncer.yml"


def parse_strictly(settings: Settings, variables: Mapping[str, object]) -> dict[str, Any]:
    """``dbt parse`` from scratch with warnings as errors; return the manifest.

    Args:
        variables: of dbt. A command that follows with the same ones need not parse again.

    Raises:
        GateError: dbt refuses the project, or warns.
    """
    result = ask_dbt(
        settings,
        [
            *("--quiet", "--warn-error", "parse", "--no-partial-parse"),
            *("--vars", json.dumps(variables)),
        ],
        connects=False,
    )
    if result.returncode:
        raise GateError(
            f"the dbt project does not parse, or warns:\n{result.stdout.strip()}",
            "correct what dbt names; `make dbt ARGS=parse` shows the same",
        )
    return read_manifest(settings)


def check_conventions(settings: Settings, base: Commit) -> int:
    """Hold the project, as it was last parsed, against its conventions; return how many models.

    Args:
        settings: of the parse.
        base: the commit a change is measured against.

    Raises:
        ConfigurationError: dbt-bouncer's environment is not there.
        GateError: every finding, with its remedy.
    """
    manifest = read_manifest(settings)
    catalogue = read_kpi_catalogue(settings.dbt_project)
    path = (settings.dbt_project / CATALOGUE).relative_to(settings.project_root)
    before = parse_kpi_catalogue(file_at(settings.project_root, base, path))
    house = house_findings(
        manifest,
        catalogue,
        {row["kpi_code"] for row in before},
        declared_domains(settings.dbt_project),
        selected_domains(dbt_project=settings.dbt_project),
    )
    findings = sorted({*_bouncer_findings(settings), *house})
    _refuse(findings)
    return len(models_of(manifest))


def check_masking(head: Built) -> int:
    """Follow the columns of a built version from its sources; return how many marts were looked at.

    Raises:
        GateError: a mart shows personal data that its source declares to be masked, or declares
            itself less than what it shows; a column of a source has no class.
    """
    lineage = read_lineage(head)
    sources = [read_source(name) for name in available_sources()]
    inherited = Inheritance(head.manifest, sources, lineage.columns)
    _refuse(
        [
            *unclassified_columns(lineage.columns, sources),
            *unmasked_columns(head.manifest, columns_handed_on(lineage), sources),
            *marts_below_their_class(head.manifest, inherited),
        ]
    )
    return len(marts_of(head.manifest))


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise GateError(
            f"{len(findings)} breaches of the conventions:\n" + "\n".join(_told(findings)),
            "docs/reference/pull-requests.md says what the gate looks at, and why",
        )


def _told(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"  {finding.place}: {finding.problem} [{finding.rule}]"
        yield f"    -> {finding.remedy}"


def _bouncer_findings(settings: Settings) -> list[Finding]:
    if not BOUNCER.exists():
        raise ConfigurationError(f"{BOUNCER} is not there", "run `make ci`, which installs it")
    report = settings.dbt_output / "bouncer.json"
    config = settings.dbt_output / BOUNCER_CONFIG
    # The manifest's folder is this run's own; the file in the repository says nothing of it.
    rules = (settings.dbt_project / BOUNCER_CONFIG).read_text(encoding="utf-8")
    config.write_text(
        f"dbt_artifacts_dir: {json.dumps(str(settings.dbt_output))}\n{rules}", encoding="utf-8"
    )
    report.unlink(missing_ok=True)
    result = subprocess.run(
        [
            str(BOUNCER),
            "run",
            f"--config-file={config}",
            f"--output-file={report}",
            "--output-only-failures",
        ],
        cwd=settings.project_root,
        capture_output=True,
        text=True,
    )
    if not report.exists():
        raise ConfigurationError(
            f"dbt-bouncer stopped (exit code {result.returncode}):\n"
            + f"{result.stdout}\n{result.stderr}".strip(),
            f"correct dbt_project/{BOUNCER_CONFIG}",
        )
    return read_json(report, _findings, ConfigurationError, "run the gate again")


def _findings(found: Any) -> list[Finding]:
    return [_finding(entry) for entry in found]


def _finding(entry: Mapping[str, Any]) -> Finding:
    """dbt-bouncer writes ``<description> - <message>``; our descriptions are remedies."""
    remedy, _, problem = entry["failure_message"].partition(" - ")
    rule = entry["check_run_id"].partition(":")[0].removeprefix("check_")
    place = str(Path("dbt_project") / (entry["file_path"] or ""))
    return Finding(rule, place, problem.replace("`", ""), remedy)
