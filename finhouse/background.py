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
from typing import TextIO

from finhouse.console import console
from finhouse.errors import ServiceError
from finhouse.files import read_back, write_whole

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
        """Whether the process we started lives.

        Raises:
            ServiceError: its lock cannot be read.
        """
        if not self._lock_file.exists():
            return False
        with self._opened_lock("r") as handle:
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
        with self._opened_lock("w") as lock, self.log_file.open("ab") as log:
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
        write_whole(self._pid_file, str(process.pid))
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
        """End the process and all it started; silent when it does not run.

        Raises:
            ServiceError: the file with its process id is damaged: nothing is ended.
        """
        if not self.is_running():
            return
        group = self._leader()
        # The leader ends its own processes in order; what is left after that is ended by force.
        for end, what in ((os.kill, signal.SIGINT), (os.killpg, signal.SIGKILL)):
            try:
                end(group, what)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + _STOP_SECONDS
            while _group_lives(group) and time.monotonic() < deadline:
                time.sleep(0.1)

    def _opened_lock(self, mode: str) -> TextIO:
        try:
            return self._lock_file.open(mode)
        except OSError as error:
            raise ServiceError(
                f"the lock {self._lock_file} cannot be opened: {error.strerror}",
                f"correct its permissions, or delete it if {self.name} does not run",
            ) from error

    def _leader(self) -> int:
        """Process id of the server that runs, which is the id of its group.

        A number that was cut short is another process's: only one that has our lock open is ours.
        """
        remedy = (
            f"end the process that has {self._lock_file} open (`fuser {self._lock_file}` names "
            f"it), then delete {self._pid_file}"
        )
        leader = read_back(self._pid_file, _process_id, ServiceError, remedy)
        if not _has_open(leader, self._lock_file):
            raise ServiceError(
                f"{self._pid_file} is damaged: process {leader} is not {self.name}", remedy
            )
        return leader


def _process_id(text: str) -> int:
    found = int(text)
    # 0 and -1 mean many processes at once, and 1 is the machine's own.
    if not 1 < found < 2**31:
        raise ValueError(text)
    return found


def _has_open(process: int, file: Path) -> bool:
    """Whether a process has a file open; taken to be so where the system does not tell."""
    wanted, found = file.stat(), []
    with suppress(OSError):
        for link in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                found.append(link.stat())
    return not found or any(os.path.samestat(wanted, one) for one in found)


def read_port(file: Path, restart: str) -> int:
    """Port of a server of ours, from the file that it is kept in.

    Args:
        restart: the command that writes it anew.

    Raises:
        ServiceError: there is no port in it.
    """
    return read_back(file, _port, ServiceError, f"start it again: `{restart}`")


def _port(text: str) -> int:
    found = int(text)
    if not 0 < found < 2**16:
        raise ValueError(text)
    return found


def _group_lives(group: int) -> bool:
    # A child of ours that has ended lives on as a zombie until it is asked for.
    with suppress(ChildProcessError):
        os.waitpid(group, os.WNOHANG)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def start_on_free_port(preferred: int | None, server: str, start: Callable[[int], None]) -> None:
    """Start a server on ``preferred`` or another free port, and again where it is taken meanwhile.

    Between the question which port is free and the server's own bind another program may take it.

    Args:
        server: what the port is for, in a word.
        start: starts it on a port; when it raises ServiceError, it has left nothing running.

    Raises:
        ServiceError: it does not come up, though nothing else listens there; or there is no port.
    """
    for is_last in (False, False, True):
        port = free_port(preferred, server)
        try:
            start(port)
        except ServiceError:
            if is_last or not _is_taken(port):
                raise
            console.print(f"  port {port} has been taken meanwhile: {server} tries another one")
        else:
            break


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _require_loopback(server: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: it asks whether there is a way. A bind alone may succeed without one.
            probe.connect(("127.0.0.1", 9))
        except OSError as error:
            raise ServiceError(
                f"{server} cannot listen on 127.0.0.1: {error.strerror}",
                "give this host an IPv4 loopback (`ip link set lo up`, `ip address add 127.0.0.1/8 "
                "dev lo`); with IPv6 alone, finhouse's own servers do not run: see "
                "docs/reference/settings.md#addresses",
            ) from error


def free_port(preferred: int | None, server: str) -> int:
    """``preferred`` if nothing listens there, else one the system hands out, which is said.

    Args:
        server: what the port is for, in a word.

    Raises:
        ServiceError: there is none, or this host has no IPv4 loopback.
    """
    _require_loopback(server)
    reason = ""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            # A port that was left a moment ago is free, though the system still remembers it.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                reason = f": {error.strerror}"
                continue
            found = int(probe.getsockname()[1])
        if preferred not in (None, found):
            console.print(f"port {preferred} is taken: {server} answers on port {found}")
        return found
    raise ServiceError(
        f"no free TCP port on 127.0.0.1{reason}", "stop a server that you do not need"
    )
