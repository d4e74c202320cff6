"""A server of ours that outlives the command that started it."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from finhouse.console import console
from finhouse.errors import ServiceError

_STOP_SECONDS = 30


class BackgroundServer:
    """One process group per ``home``, found again by a lock that it holds while it lives.

    A process id alone may since belong to another program; the lock cannot.

    Args:
        home: folder of its lock, process id and log.
        name: what messages call it.
    """

    def __init__(self, home: Path, name: str) -> None:
        self.home, self.name = home, name
        self.log_file = home / f"{name.lower()}.log"
        self._pid_file = home / "pid"
        self._lock_file = home / "lock"

    def is_running(self) -> bool:
        """Whether the process we started lives."""
        if not self._lock_file.exists():
            return False
        with self._lock_file.open("r") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def start(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        is_ready: Callable[[], bool],
        timeout: float,
    ) -> None:
        """Start ``command`` in the background and wait until it answers.

        Args:
            is_ready: asked every half second.
            timeout: seconds to wait.

        Raises:
            ServiceError: it ended, or does not answer in time; the end of its log is in the
                message, and nothing is left running.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with self._lock_file.open("w") as lock, self.log_file.open("ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # The lock lives as long as the server has it open.
                pass_fds=[lock.fileno()],
            )
        self._pid_file.write_text(str(process.pid))
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and process.poll() is None:
            if is_ready():
                return
            time.sleep(0.5)
        self.stop()
        end_of_log = "\n".join(self.log_file.read_text(errors="replace").splitlines()[-8:])
        raise ServiceError(
            f"{self.name} does not come up:\n{end_of_log}", f"see {self.log_file} for the whole"
        )

    def stop(self) -> None:
        """End the process and all it started; silent when it does not run."""
        if not self.is_running():
            return
        group = int(self._pid_file.read_text())
        # The leader ends its own processes in order; what is left after that is ended by force.
        for end, what in ((os.kill, signal.SIGINT), (os.killpg, signal.SIGKILL)):
            try:
                end(group, what)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + _STOP_SECONDS
            while _group_lives(group) and time.monotonic() < deadline:
                time.sleep(0.1)


def _group_lives(group: int) -> bool:
    # A child of ours that has ended lives on as a zombie until it is asked for.
    with suppress(ChildProcessError):
        os.waitpid(group, os.WNOHANG)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def free_port(preferred: int | None, server: str) -> int:
    """``preferred`` if nothing listens there, else one the system hands out, which is said.

    Args:
        server: what the port is for, in a word.

    Raises:
        ServiceError: there is none.
    """
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            # A port that was left a moment ago is free, though the system still remembers it.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if preferred not in (None, found):
            console.print(f"port {preferred} is taken: {server} answers on port {found}")
        return found
    raise ServiceError("no free TCP port on 127.0.0.1", "stop a server that you do not need")
