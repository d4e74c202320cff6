"""A task per dbt model that costs no process: it lives in the triggerer and watches the one build.

Airflow can start a task in its triggerer and end it there (``start_from_trigger``); so the grid and
the graph show every model, in dbt's order, while one ``dbt build`` makes them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
)
from airflow.triggers.base import (
    BaseTrigger,
    StartTriggerArgs,
    TaskFailedEvent,
    TaskSkippedEvent,
    TaskSuccessEvent,
    TriggerEvent,
)

from finhouse.orchestration.dbt_log import DbtLog, outcome

POLL_SECONDS = 1.0
_EVENTS = {"success": TaskSuccessEvent, "failed": TaskFailedEvent, "skipped": TaskSkippedEvent}


@lru_cache(maxsize=8)
def _log_of(folder: str) -> DbtLog:
    """All models of a build share one reader of its log."""
    return DbtLog(Path(folder))


class ModelTrigger(BaseTrigger):
    """Waits until a model and its data tests have finished in the build that logs to ``folder``."""

    def __init__(self, folder: str, unique_ids: Sequence[str]) -> None:
        super().__init__()
        self.folder, self.unique_ids = folder, list(unique_ids)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"folder": self.folder, "unique_ids": self.unique_ids},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while True:
            log = _log_of(self.folder)
            log.follow()
            found = outcome(log, self.unique_ids)
            if found:
                state, lines = found
                self.log.info("%s\n%s", state, lines)
                yield _EVENTS[state]()
                return
            await asyncio.sleep(POLL_SECONDS)


class ModelSensor(BaseOperator):
    """Shows what became of one dbt model and its tests.

    Args:
        folder: where the build of this DAG run logs; templated.
        unique_ids: dbt's id of the model, then those of its tests.
        give_up: seconds after which it stops waiting.
    """

    template_fields = ("folder",)
    ui_color = "#e8f4f0"

    def __init__(
        self, *, folder: str, unique_ids: Sequence[str], give_up: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.folder, self.unique_ids = folder, list(unique_ids)
        self.start_from_trigger = True
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=f"{ModelTrigger.__module__}.{ModelTrigger.__qualname__}",
            trigger_kwargs={"folder": folder, "unique_ids": self.unique_ids},
            next_method="execute",
            timeout=timedelta(seconds=give_up),
        )

    def execute(self, context: Any) -> None:
        """Where tasks run without a triggerer (``dag.test()``): look, and come again later."""
        log = _log_of(self.folder)
        log.follow()
        found = outcome(log, self.unique_ids)
        if found is None:
            raise AirflowRescheduleException(datetime.now(UTC) + timedelta(seconds=POLL_SECONDS))
        state, lines = found
        self.log.info("%s\n%s", state, lines)
        if state == "failed":
            raise AirflowFailException(lines)
        if state == "skipped":
            raise AirflowSkipException(lines)
