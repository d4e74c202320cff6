"""What is told of Airflow's runs: a task that failed for good, a DAG that is late."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from finhouse.telling import tell

RUNBOOK = "docs/how-to/operations.md"


def task_failed(context: Mapping[str, Any]) -> None:
    """Failure callback of every task: which one, why, and where to read on."""
    instance = context["task_instance"]
    error = str(context.get("exception") or "no reason given; see its log").strip()
    tell(
        f"{instance.dag_id}: task {instance.task_id} failed for good after try"
        f" {instance.try_number} (run {instance.run_id}).\n{error}\n"
        f"Readers keep the last published build. Runbook: {RUNBOOK}\n{_link(instance)}"
    )


async def deadline_missed(dag_id: str, minutes: int, **_: Any) -> None:
    """Deadline callback of every DAG; runs in the triggerer."""
    await asyncio.to_thread(
        tell,
        f"{dag_id}: a run is not finished {minutes} minutes after it was queued."
        f" Readers keep the last published build. Runbook: {RUNBOOK}",
    )


def _link(instance: Any) -> str:
    return getattr(instance, "log_url", None) or ""
