"""The calls of Airflow's REST API that the commands need."""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from finhouse.errors import ServiceError

# Of a call that gets no answer, or an error of Airflow's own: a busy machine is slow at times.
TRIES = 5
RETRY_SECONDS = 2.0
_ANSWER_SECONDS = 30


class AirflowApi:
    """One Airflow, as one of its users.

    Every call is made again when it gets no answer or an error of Airflow's own: none does twice
    what it did once.

    Raises:
        ServiceError: from every call, when Airflow refuses it or does not answer.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json"}
        token = self._call("/auth/token", {"username": user, "password": password})
        self._headers["Authorization"] = f"Bearer {token['access_token']}"

    def health(self) -> dict[str, dict[str, Any]]:
        """Status and last beat of each part."""
        return self._call("/api/v2/monitor/health")

    def dag_ids(self) -> list[str]:
        """DAGs that are there and not paused."""
        return [dag["dag_id"] for dag in self._call("/api/v2/dags?paused=false")["dags"]]

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run now; return its id."""
        # An id of ours: an order that is given again starts no second run.
        run_id = f"manual__{datetime.now(UTC).isoformat()}_{secrets.token_hex(4)}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf or {}}
        try:
            self._call(f"/api/v2/dags/{dag_id}/dagRuns", body)
        except ServiceError as error:
            if not _is_taken(error.__cause__):
                raise
        return run_id

    def set_pools(self, pools: Mapping[str, tuple[int, str]]) -> None:
        """Create pools, or give them these numbers of slots and descriptions."""
        entities = [
            {"name": name, "slots": slots, "description": description}
            for name, (slots, description) in pools.items()
        ]
        action = {"action": "create", "entities": entities, "action_on_existence": "overwrite"}
        self._call("/api/v2/pools", {"actions": [action]}, method="PATCH")

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The last hundred runs of a DAG, the newest first."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?limit=100&order_by=-run_after"
        return self._call(path)["dag_runs"]

    def run_ids(self, dag_id: str) -> list[str]:
        return [run["dag_run_id"] for run in self.runs(dag_id)]

    def run_of_round(self, dag_id: str, of_round: str) -> str | None:
        """The run that a round has fired, if it has."""
        found = [run for run in self.runs(dag_id) if run["partition_key"] == of_round]
        return found[0]["dag_run_id"] if found else None

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        return self._call(f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Task id -> its instance (state, try_number ...) in a run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances?limit=1000"
        return {found["task_id"]: found for found in self._call(path)["task_instances"]}

    def asset_events(self, asset_name: str) -> list[dict[str, Any]]:
        """Events of one Asset, the newest first."""
        assets = self._call(f"/api/v2/assets?name_pattern={asset_name}")["assets"]
        [asset_id] = [asset["id"] for asset in assets if asset["name"] == asset_name]
        path = f"/api/v2/assets/events?asset_id={asset_id}&order_by=-timestamp"
        return self._call(path)["asset_events"]

    def failed_tasks(self, dag_id: str, run_id: str) -> list[str]:
        tasks = self.tasks(dag_id, run_id)
        return sorted(name for name, task in tasks.items() if task["state"] == "failed")

    def _call(
        self, path: str, body: dict[str, Any] | None = None, *, method: str | None = None
    ) -> Any:
        request = urllib.request.Request(
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers=self._headers,
            method=method,
        )
        tries = TRIES
        while True:
            tries -= 1
            try:
                with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                detail = error.read().decode(errors="replace")[:500]
                if error.code < HTTPStatus.INTERNAL_SERVER_ERROR or not tries:
                    raise ServiceError(
                        f"Airflow refused {path}: {error.code} {detail}", f"look at {self._url}"
                    ) from error
            except OSError as error:
                if not tries:
                    raise ServiceError(
                        f"Airflow does not answer at {self._url}{path}: {error}",
                        "see `make airflow`",
                    ) from error
            time.sleep(RETRY_SECONDS)


def _is_taken(error: BaseException | None) -> bool:
    return isinstance(error, urllib.error.HTTPError) and error.code == HTTPStatus.CONFLICT
