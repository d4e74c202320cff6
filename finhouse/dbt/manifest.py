"""What dbt's manifest.json says of the project: its models by layer, and the tests of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finhouse.errors import TransformError
from finhouse.files import read_json
from finhouse.settings import Settings

Manifest = Mapping[str, Any]
Node = Mapping[str, Any]

# The layer readers see: its folder below models/, and the schema its tables stand in.
MARTS = "marts"
_HISTORY = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted")


def read_manifest(settings: Settings) -> dict[str, Any]:
    """dbt's manifest.json of the last parse or run.

    Raises:
        TransformError: dbt has not run yet, or was killed while it wrote it.
    """
    if not manifest_file(settings).exists():
        raise TransformError(
            f"dbt has not looked at the project yet: no manifest in {settings.dbt_output}",
            "run `make build`, or `make dbt ARGS=parse`",
        )
    return manifest_in(settings.dbt_output)


def manifest_file(settings: Settings) -> Path:
    """Where dbt writes what it knows of the project."""
    return settings.dbt_output / "manifest.json"


def manifest_in(folder: Path) -> dict[str, Any]:
    """The manifest.json of a folder that dbt has just written to.

    Raises:
        TransformError: it is missing or damaged.
    """
    return read_json(
        folder / "manifest.json",
        _manifest,
        TransformError,
        f"delete {folder}, then run the same command again; dbt writes it anew",
    )


def _manifest(found: Any) -> dict[str, Any]:
    # What everybody reads of it.
    if not isinstance(found["nodes"], dict):
        raise TypeError
    return found


def models_of(manifest: Manifest, layer: str = "") -> list[Node]:
    """Models of the project, of one layer (staging, intermediate, marts) or of all, by name."""
    return sorted(
        (
            node
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model" and (not layer or layer_of(node) == layer)
        ),
        key=lambda node: node["name"],
    )


def marts_of(manifest: Manifest) -> dict[str, Node]:
    """The marts by name."""
    return {node["name"]: node for node in models_of(manifest, MARTS)}


def declared_marts(settings: Settings) -> list[str]:
    """Names of the marts of the dbt project as it was last run; empty before the first run.

    Raises:
        TransformError: the manifest is damaged.
    """
    if not manifest_file(settings).exists():
        return []
    return list(marts_of(read_manifest(settings)))


def snapshots_of(manifest: Manifest) -> list[Node]:
    """Snapshots of the project, by name."""
    nodes = manifest["nodes"].values()
    return sorted(
        (node for node in nodes if node["resource_type"] == "snapshot"),
        key=lambda node: node["name"],
    )


def grain_of(node: Node) -> list[str]:
    """The columns that a mart or snapshot declares to identify a row; empty where it does not."""
    return list(node["config"].get("meta", {}).get("grain") or [])


def history_columns(node: Node) -> dict[str, str]:
    """Columns that dbt adds to a snapshot: dbt's name of each -> its name; empty for a model."""
    if node["resource_type"] != "snapshot":
        return {}
    renamed = node["config"].get("snapshot_meta_column_names") or {}
    return {name: renamed.get(name) or name for name in _HISTORY}


def layer_of(node: Node) -> str:
    """``staging``, ``intermediate`` or ``marts``; else ``seed`` or ``snapshot``."""
    return node["fqn"][1] if node["resource_type"] == "model" else node["resource_type"]


def tests_by_model(manifest: Manifest) -> dict[str, Sequence[Node]]:
    """The data tests attached to each model, by its unique id."""
    tests: dict[str, list[Node]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node"):
            tests.setdefault(node["attached_node"], []).append(node)
    return tests


def models_by_test(manifest: Manifest) -> dict[str, str]:
    """Unique id of each test -> name of the model it judges, or of those it reads."""
    return {
        unique_id: (node.get("attached_node") or "").rpartition(".")[2]
        or ", ".join(name.rpartition(".")[2] for name in node["depends_on"]["nodes"])
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "test"
    }
