"""Following dbt's own JSON log: which node has finished, and how."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOG_NAME = "dbt.log"
KEPT_LOGS = 50
_RESULT_EVENTS = ("LogModelResult", "LogTestResult", "SkippingDetails", "LogSkipBecauseError")
_END = {"finhouse": "end"}


@dataclass(frozen=True)
class NodeResult:
    """How a node ended: dbt's status and what it says."""

    status: str
    message: str

    @property
    def failed(self) -> bool:
        """Whether this keeps the build from being published."""
        return self.status in ("error", "fail", "runtime error")


class DbtLog:
    """The results in one growing log file; each line is read once.

    Attributes:
        results: unique id -> result, of the nodes that have finished so far.
        ended: whether dbt will write no more.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG_NAME
        self._position = 0
        self.results: dict[str, NodeResult] = {}
        self.ended = False

    def follow(self) -> None:
        """Take in what was written since the last call."""
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return
        if size < self._position:  # a retry of the build starts a new log
            self._position, self.results, self.ended = 0, {}, False
        with self._path.open("rb") as file:
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # half a line: its rest comes with the next call
                self._position += len(line)
                self._take(line)

    def _take(self, line: bytes) -> None:
        if not any(name.encode() in line for name in (*_RESULT_EVENTS, *_END)):
            return
        try:
            event = json.loads(line)
            if event == _END:
                self.ended = True
            elif event["info"]["name"] in _RESULT_EVENTS:
                node = event["data"]["node_info"]
                self.results[node["unique_id"]] = NodeResult(
                    node["node_status"], _plain(event["info"]["msg"])
                )
        except (ValueError, KeyError, TypeError, AttributeError):
            # A line that dbt was killed in; the build task says what became of the build.
            return


def start_log(folder: Path) -> None:
    """Begin a build's log, dropping that of an earlier attempt and those of long ago."""
    folder.mkdir(parents=True, exist_ok=True)
    by_age = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in by_age[:-KEPT_LOGS]:
        shutil.rmtree(old)
    (folder / LOG_NAME).unlink(missing_ok=True)


def end_log(folder: Path) -> None:
    """Say that dbt will write no more, so that nobody waits for a node it never reached."""
    if folder.exists():
        with (folder / LOG_NAME).open("a") as file:
            file.write(json.dumps(_END) + "\n")


def outcome(log: DbtLog, unique_ids: Iterable[str]) -> tuple[str, str] | None:
    """What became of a model and its tests together, given by their ids; None while unknown.

    Returns:
        ``success``, ``failed`` or ``skipped``, and a line for each node that says why.
    """
    wanted = list(unique_ids)
    results = {node: log.results[node] for node in wanted if node in log.results}
    lines = "\n".join(result.message for result in results.values())
    if any(result.failed for result in results.values()):
        # The model's other tests may still run; it is failed already.
        return "failed", lines
    if results.get(wanted[0], NodeResult("", "")).status == "skipped":
        return "skipped", lines
    if len(results) == len(wanted):
        return "success", lines
    if log.ended:
        return "failed", f"{lines}\ndbt ended before it came here"
    return None


def _plain(text: str) -> str:
    """Without terminal colours."""
    for code in ("\x1b[0m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        text = text.replace(code, "")
    return text
