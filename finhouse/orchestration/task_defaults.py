"""How every task behaves: whose it is, when it is tried again, when somebody is told."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import (
    AsyncCallback,
    DeadlineAlert,
    DeadlineReference,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
)

from finhouse.errors import ConfigurationError, NodesFailedError, SchemaDriftError
from finhouse.orchestration.alerts import deadline_missed, task_failed

# Wait before the first retry (it doubles), and how long a task may take; seconds.
RETRY_DELAY = timedelta(seconds=float(os.environ.get("FINHOUSE_RETRY_SECONDS") or 20))
TASK_TIMEOUT = timedelta(seconds=float(os.environ.get("FINHOUSE_TASK_TIMEOUT_SECONDS") or 7200))

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "data-platform",
    "retries": 3,
    "retry_delay": RETRY_DELAY,
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception=[ConfigurationError, SchemaDriftError, NodesFailedError],
                action=RetryAction.FAIL,
                reason="the same input would fail again",
            )
        ]
    ),
    "execution_timeout": TASK_TIMEOUT,
    "on_failure_callback": task_failed,
}


def deadline(dag_id: str, minutes: int) -> DeadlineAlert:
    """Tell somebody when a run is not finished so many minutes after it was queued."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=minutes),
        callback=AsyncCallback(deadline_missed, {"dag_id": dag_id, "minutes": minutes}),
        name=f"{minutes} minutes",
    )
