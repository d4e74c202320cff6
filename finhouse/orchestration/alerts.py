"""Telling somebody: a task that failed for good, a DAG that is late.

The message goes to the log and, where ``FINHOUSE_ALERT_URL`` is set, as JSON ``{"text": ...}`` to
that address, which is what chat webhooks take.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import urllib.request
from collections.abc import Mapping
from typing import Any

ALERT_URL = "FINHOUSE_ALERT_URL"
RUNBOOK = "docs/how-to/operations.md"
_TIMEOUT_SECONDS = 10

log = logging.getLogger(__name__)


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


def tell(text: str) -> None:
    """Log an alert and post it; an unreachable webhook is logged and hides nothing."""
    log.error("ALERT: %s", text)
    url = os.environ.get(ALERT_URL)
    if not url:
        return
    request = urllib.request.Request(
        url,
        data=json.dumps({"text": text}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()
    except OSError as error:
        log.error("the alert could not be posted to %s: %s", ALERT_URL, error)


def _link(instance: Any) -> str:
    return getattr(instance, "log_url", None) or ""
