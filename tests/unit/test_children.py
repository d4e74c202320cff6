"""A program that a command runs ends with the command, whatever ends that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from finhouse.children import run_child

# Runs a program that says its process id, then sleeps.
PARENT = """
import sys
from finhouse.children import run_child
run_child([sys.executable, "-c", sys.argv[1], sys.argv[2]])
"""
CHILD = """
import os, sys, time
with open(sys.argv[1] + ".part", "w") as file:
    file.write(str(os.getpid()))
os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(600)
"""
STUBBORN = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + CHILD


def lives(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does it on Linux only")
@pytest.mark.parametrize("child", [CHILD, STUBBORN], ids=["willing", "stubborn"])
@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_child_ends_with_its_parent(end: str, child: str, tmp_path: Path):
    said = tmp_path / "pid"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, child, str(said)], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not said.exists():
        assert parent.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process = int(said.read_text())
    os.kill(parent.pid, getattr(signal, end))
    assert parent.wait(30) != 0
    if end == "SIGKILL":
        while lives(process) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert not lives(process)


def test_a_child_is_given_what_it_needs_and_its_code_is_told():
    program = "import os, sys; print(sys.stdin.read(), os.environ['WORD']); sys.exit(7)"
    result = run_child(
        [sys.executable, "-c", program],
        said="read",
        env={**os.environ, "WORD": "known"},
        capture_output=True,
    )
    assert (result.returncode, result.stdout, result.stderr) == (7, "read known\n", "")


def test_a_child_that_takes_too_long_is_ended():
    with pytest.raises(subprocess.TimeoutExpired):
        run_child([sys.executable, "-c", "import time; time.sleep(600)"], timeout=0.5)


def test_a_program_that_is_not_there_is_told_of():
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        run_child(["/no-such-program"])


def test_handlers_are_as_they_were():
    before = signal.getsignal(signal.SIGTERM)
    run_child([sys.executable, "-c", ""])
    assert signal.getsignal(signal.SIGTERM) == before
