"""Serve the dashboards: check them, bring Superset up to date, start it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finhouse.dashboards.bundle import DATABASE_UUID, build_assets
from finhouse.dashboards.catalog import Dataset, build_catalog, parse_project
from finhouse.dashboards.check import findings
from finhouse.dashboards.definitions import DEFINITIONS, Definitions
from finhouse.dashboards.exposures import exposures_are_current
from finhouse.dashboards.loading import load_definitions
from finhouse.dashboards.readers import reader_uri
from finhouse.dashboards.selection import of_domains, read_belongings
from finhouse.dashboards.server import ROLES, SupersetServer
from finhouse.dbt.kpis import read_kpi_catalogue
from finhouse.domains import selected_domains
from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.publish import PUBLISHED_SCHEMA
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse
from finhouse.yaml_text import parse_yaml


@dataclass(frozen=True)
class Serving:
    """What was brought up.

    Attributes:
        url: address of Superset.
        passwords: by user.
        imported: number of dashboards, charts, datasets and databases; empty where Superset had
            all of them as the code says.
        removed: titles of what was in Superset and is not in the code any more, by kind.
        chart_ids: Superset's id of each chart by identifier.
        dashboard_ids: Superset's id of each dashboard by slug.
    """

    url: str
    passwords: dict[str, str]
    imported: dict[str, int]
    removed: dict[str, list[str]]
    chart_ids: dict[str, int]
    dashboard_ids: dict[str, int]


def superset_server(settings: Settings) -> SupersetServer:
    """The project's Superset, running or not."""
    return SupersetServer(settings.superset_home)


def load_catalog(
    settings: Settings, manifest: Mapping[str, Any] | None = None
) -> dict[str, Dataset]:
    """Datasets of the dbt project as it stands, or as ``manifest`` has it.

    Raises:
        TransformError: the project does not parse.
        ConfigurationError: a metric in ``meta`` cannot be understood.
    """
    project = parse_yaml((settings.dbt_project / "dbt_project.yml").read_text())
    return build_catalog(
        manifest or parse_project(settings),
        read_kpi_catalogue(settings.dbt_project),
        project["vars"] | {"domains": selected_domains(dbt_project=settings.dbt_project)},
    )


def checked(
    settings: Settings, folder: Path = DEFINITIONS, manifest: Mapping[str, Any] | None = None
) -> tuple[Definitions, dict[str, Dataset]]:
    """Definitions of ``folder`` and catalog, once the static check has found nothing.

    Args:
        manifest: dbt's, where the project has just been parsed.

    Raises:
        ConfigurationError: it found something; every finding is in the message.
    """
    definitions = of_domains(
        load_definitions(folder), read_belongings(settings.dbt_project), selected_domains()
    )
    catalog = load_catalog(settings, manifest)
    found = findings(definitions, catalog)
    if found:
        raise ConfigurationError(
            f"{len(found)} findings in the dashboards:\n"
            + "\n".join(f"  {finding}" for finding in found),
            "correct the files under superset/; docs/how-to/dashboards.md explains them",
        )
    return definitions, catalog


def check_dashboards(settings: Settings, manifest: Mapping[str, Any] | None = None) -> Definitions:
    """Check the repository's dashboards and their dbt exposures; return the definitions.

    Args:
        manifest: dbt's, where the project has just been parsed.

    Raises:
        ConfigurationError: the static check found something, or the exposures are not up to date.
    """
    definitions, _ = checked(settings, manifest=manifest)
    if not exposures_are_current(settings, load_definitions()):
        raise ConfigurationError(
            "the dbt exposures do not say what the dashboards use now",
            "run `finhouse dashboards exposures` and commit the files",
        )
    return definitions


def serve(settings: Settings, published: Warehouse, folder: Path = DEFINITIONS) -> Serving:
    """Check, import, start. Safe to repeat: what is gone from the code goes from Superset.

    Args:
        published: what readers see, open.
        folder: where the dashboards are written.

    Raises:
        FinhouseError: the definitions are wrong, nothing is published, or Superset does not come
            up.
    """
    definitions, catalog = checked(settings, folder)
    _check_published(catalog, published)
    server = superset_server(settings)
    passwords = server.passwords()
    report = server.apply(
        {
            "assets": build_assets(definitions, catalog, reader_uri(settings, server.home)),
            "database_uuid": DATABASE_UUID,
            "users": {
                name: {
                    "password": passwords[name],
                    # Superset's own name of the role that may do everything.
                    "role": "Admin" if name == "admin" else name,
                }
                for name in ROLES
            },
            "viewable_by": ["viewer", "analyst"],
            "dashboards": [
                {"slug": dashboard.slug, "owner": dashboard.owner}
                for dashboard in definitions.dashboards
            ],
        }
    )
    server.clear_caches()
    return Serving(
        url=server.serve(),
        passwords=passwords,
        imported=report["imported"],
        removed=report["removed"],
        chart_ids=report["charts"],
        dashboard_ids=report["dashboards"],
    )


def refresh_caches(settings: Settings) -> bool:
    """Let a running Superset show what has just been published; return whether one runs.

    Call it after every publication: it does nothing where Superset does not run.
    """
    server = superset_server(settings)
    if not server.is_running():
        return False
    server.clear_caches()
    return True


def _check_published(catalog: Mapping[str, Dataset], published: Warehouse) -> None:
    """Refuse dashboards of marts that have not been published as dbt defines them now."""
    missing = [
        f"{mart}.{column.name}" if have else mart
        for mart, dataset in catalog.items()
        for have in [published.columns(PUBLISHED_SCHEMA, mart)]
        for column in list(dataset.columns.values())[: None if have else 1]
        if column.expression is None and column.name not in have
    ]
    if missing:
        raise WarehouseError(
            f"the published build lacks what dbt defines now: {', '.join(missing)}",
            "run `make build`, then `make serve` again",
        )
