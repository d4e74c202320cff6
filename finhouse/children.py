"""Programs that a command runs to their end, and that end with it.

dbt holds the warehouse's lock. One that outlives the command which started it keeps the next one
out, and writes what nobody waits for any more.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

# What a program has to end in order, before it is killed.
ENDING_SECONDS = 10
# The kernel ends the child with its parent, however that ends. Asked for by the child itself,
# before it becomes the program: `preexec_fn` is not safe beside threads. A parent that has died
# before it was asked is not noticed by the kernel, hence the comparison. prctl(PR_SET_PDEATHSIG) is
# Linux's; elsewhere a child outlives a parent that was killed by SIGKILL.
_BOUND = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def run_child(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    said: str | None = None,
    capture_output: bool = False,
    timeout: float | None = None,
    is_interactive: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; it ends with us, whatever ends us.

    Ctrl-C, SIGTERM and SIGHUP are passed on as SIGINT, which dbt answers by cancelling its queries;
    we end when the program has. Where we are killed by SIGKILL, so is the program (on Linux).

    Args:
        said: given to its standard input, which is ours otherwise.
        capture_output: keep what it prints, as text, instead of printing it.
        timeout: seconds after which it is ended.
        is_interactive: it reads from the terminal, whose Ctrl-C reaches it by itself.

    Raises:
        FileNotFoundError: there is no such program.
        subprocess.TimeoutExpired: it took longer than ``timeout``.
    """
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
    pipe = subprocess.PIPE if capture_output else None
    with (
        _signals_raised(),
        subprocess.Popen(
            [*_bound_to_us(), *command],
            env=env,
            cwd=cwd,
            stdin=subprocess.PIPE if said is not None else None,
            stdout=pipe,
            stderr=pipe,
            text=True,
            # Otherwise Ctrl-C would reach it twice, and the second one ends dbt's own tidying up.
            process_group=None if is_interactive else 0,
        ) as child,
    ):
        try:
            out, err = child.communicate(said, timeout)
        except BaseException:
            _end(child)
            raise
    return subprocess.CompletedProcess(command, child.returncode, out, err)


def _bound_to_us() -> list[str]:
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid())]


def _end(child: subprocess.Popen[str]) -> None:
    """End a child in order, else by force; return when it has ended."""
    try:
        child.send_signal(signal.SIGINT)
        child.wait(ENDING_SECONDS)
    except BaseException:
        # It takes too long, or we are asked a second time.
        child.kill()
        child.wait()


@contextmanager
def _signals_raised() -> Iterator[None]:
    """Let signals that would end us at once end us as an exception does.

    Who has said otherwise, as Airflow does in its tasks, keeps what it said.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in ours:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    # As a shell says it of a process that a signal has ended.
    raise SystemExit(128 + number)
