"""``finhouse docs``: the documentation of the dbt project."""

from __future__ import annotations

import click

from finhouse.console import console, print_table
from finhouse.documentation.codeowners import codeowners_path, render_codeowners
from finhouse.documentation.kpi_page import kpi_page_path, render_kpi_page
from finhouse.documentation.site import shares, write_site
from finhouse.settings import PROJECT_ROOT, Settings


@click.command()
@click.pass_obj
def docs(settings: Settings) -> None:
    """Document the project: models, column lineage, coverage; fails where marts have gaps."""
    folder = PROJECT_ROOT / "docs" / "site"
    covered = write_site(settings, folder)
    print_table(
        "Covered by documentation and tests",
        ["layer", "models", "columns described", "columns checked", "keys tested"],
        [(layer, str(models), *rest) for layer, models, *rest in shares(covered)],
        numeric=("models", "columns described", "columns checked", "keys tested"),
    )
    console.print(f"Open {folder / 'index.html'}")


@click.command()
def codeowners() -> None:
    """Write .github/CODEOWNERS from the owners of the marts."""
    path = codeowners_path(PROJECT_ROOT)
    path.write_text(render_codeowners(PROJECT_ROOT), encoding="utf-8")
    console.print(f"{path} written; commit it")


@click.command()
def kpis() -> None:
    """Write docs/reference/kpis.md from the KPI catalogue and the models' doc blocks."""
    path = kpi_page_path(PROJECT_ROOT)
    path.write_text(render_kpi_page(PROJECT_ROOT), encoding="utf-8")
    console.print(f"{path} written; commit it")
