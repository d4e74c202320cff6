"""The dbt models as the DAG shows them: one node a model, edges as in dbt."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from finhouse.console import console
from finhouse.dbt.manifest import layer_of, models_of, read_manifest, tests_by_model
from finhouse.errors import ConfigurationError
from finhouse.files import read_json, write_whole
from finhouse.settings import Settings


@dataclass(frozen=True)
class Model:
    """One dbt model.

    Attributes:
        unique_id: dbt's own, ``model.finhouse.<name>``.
        layer: ``staging``, ``intermediate`` or ``marts``.
        parents: unique ids of the models it reads.
        tests: unique ids of the data tests attached to it.
    """

    unique_id: str
    name: str
    layer: str
    parents: tuple[str, ...]
    tests: tuple[str, ...]


def graph_file(settings: Settings) -> Path:
    """The graph as the DAG reads it: small, and never half-written, unlike dbt's manifest."""
    return settings.dbt_output / "model_graph.json"


def write_model_graph(settings: Settings) -> None:
    """Take the graph from dbt's manifest of the last parse or build.

    Raises:
        TransformError: dbt has not run yet.
    """
    manifest = read_manifest(settings)
    tests = tests_by_model(manifest)
    models = [
        Model(
            unique_id=node["unique_id"],
            name=node["name"],
            layer=layer_of(node),
            parents=tuple(
                sorted(p for p in set(node["depends_on"]["nodes"]) if p.startswith("model."))
            ),
            tests=tuple(sorted(test["unique_id"] for test in tests.get(node["unique_id"], ()))),
        )
        for node in models_of(manifest)
    ]
    write_whole(graph_file(settings), json.dumps([asdict(model) for model in models]))


def read_model_graph(settings: Settings) -> list[Model]:
    """The models, or none before dbt has looked at the project, or if the graph is damaged."""
    path = graph_file(settings)
    if not path.exists():
        return []
    try:
        return read_json(
            path, _models, ConfigurationError, "`finhouse airflow models` writes it anew"
        )
    except ConfigurationError as error:
        # A DAG without its models still builds them, and writes the graph again.
        console.print(str(error), markup=False)
        return []


def _models(found: Any) -> list[Model]:
    if not isinstance(found, list):
        raise TypeError
    return [
        Model(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})
        for entry in found
    ]
