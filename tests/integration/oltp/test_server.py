"""The embedded PostgreSQL: starts anywhere, heals after a kill, never mistakes another server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from finhouse import background
from finhouse.errors import ConfigurationError, ServiceError
from finhouse.oltp import EmbeddedServer
from finhouse.settings import PROJECT_ROOT


@pytest.fixture
def server(tmp_path: Path):
    server = EmbeddedServer(tmp_path / "oltp")
    yield server
    server.stop()


def answer(server: EmbeddedServer, sql: str) -> object:
    with psycopg.connect(server.url("oltp")) as connection:
        return connection.execute(sql).fetchone()[0]


def keep_a_number(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("oltp")) as connection:
        connection.execute("create table kept as select 7 as n")


def test_start_is_idempotent_and_data_survives_a_restart(server: EmbeddedServer):
    server.start()
    keep_a_number(server)
    url = server.url("oltp")
    server.start()
    assert server.url("oltp") == url
    server.stop()
    assert not server.is_running()
    with pytest.raises(ServiceError, match="is not running"):
        server.url("oltp")
    server.start()
    assert answer(server, "select n from kept") == 7


def test_server_is_private_and_ready_for_logical_replication(server: EmbeddedServer):
    server.start()
    assert answer(server, "show listen_addresses") == "127.0.0.1"
    assert answer(server, "show unix_socket_directories") == ""
    assert answer(server, "show wal_level") == "logical"
    assert server.password_file.stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url("oltp").replace(server.password_file.read_text(), "guess"))
    with psycopg.connect(server.url("warehouse")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def processes_of(server: EmbeddedServer) -> tuple[int, list[int]]:
    """The postmaster and the processes it has started."""
    postmaster = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
    return postmaster, [int(child) for child in children.split()]


def test_killed_server_comes_back(server: EmbeddedServer):
    server.start()
    keep_a_number(server)
    postmaster, _ = processes_of(server)
    os.kill(postmaster, signal.SIGKILL)
    server.start()
    assert answer(server, "select n from kept") == 7


def test_killed_server_comes_back_when_its_last_backend_has_gone(server: EmbeddedServer):
    server.start()
    keep_a_number(server)
    postmaster, [backend, *_] = processes_of(server)
    os.kill(backend, signal.SIGSTOP)
    os.kill(postmaster, signal.SIGKILL)
    release = threading.Timer(2, os.kill, (backend, signal.SIGCONT))
    release.start()
    server.start()
    release.join()
    assert answer(server, "select n from kept") == 7
    assert "pre-existing shared memory block" in server.log_file.read_text()


def test_a_stopped_server_comes_back_on_its_port(server: EmbeddedServer):
    server.start()
    address = server.url("oltp")
    server.stop()
    server.start()
    assert server.url("oltp") == address


def test_port_taken_by_another_program_is_given_up(server: EmbeddedServer):
    server.start()
    port = int(server.url("oltp").rsplit(":", 1)[1].split("/")[0])
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        server.start()
        assert f":{port}/" not in server.url("oltp")


def test_port_taken_between_the_question_and_the_bind(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        answers = iter([taken])
        ask = background.free_port
        monkeypatch.setattr(
            background, "free_port", lambda *asked: next(answers, None) or ask(*asked)
        )
        server.start()
        assert f":{taken}/" not in server.url("oltp")
    assert f"port {taken} has been taken meanwhile" in capsys.readouterr().out


def test_another_server_on_our_port_is_not_ours(server: EmbeddedServer, tmp_path: Path):
    """A copied data folder keeps the pid file of the server it was copied from."""
    server.start()
    stranger = EmbeddedServer(tmp_path / "copy")
    stranger.data.mkdir(parents=True)
    stranger.password_file.write_text(server.password_file.read_text())
    (stranger.data / "postmaster.pid").write_text((server.data / "postmaster.pid").read_text())
    assert not stranger.is_running()


def test_two_starts_at_once_make_one_server(server: EmbeddedServer):
    failures: list[BaseException] = []

    def start() -> None:
        try:
            EmbeddedServer(server.home).start()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert server.is_running()


def test_half_made_cluster_is_made_again(server: EmbeddedServer):
    """initdb was killed: its folder aside is no cluster."""
    (server.home / "pgdata.incoming" / "base").mkdir(parents=True)
    server.start()
    assert answer(server, "select 1") == 1


def test_home_that_cannot_be_made_is_a_clear_error(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot write the folder"):
        EmbeddedServer(tmp_path / "file" / "oltp").start()


NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def python_for_nobody() -> str | None:
    """A Python of our version that an ordinary user may run: root's own often lies in /root."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        probe = [*NOBODY, candidate, "-c", "import sys; print(sys.version_info[:2])"]
        result = subprocess.run(probe, capture_output=True, text=True, cwd="/")
        if result.stdout.strip() == str(sys.version_info[:2]):
            return candidate
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="run by an ordinary user, all tests here show it")
def test_ordinary_user_can_run_it(tmp_path: Path):
    """The same server without root: in a child that has become nobody."""
    python = python_for_nobody()
    if python is None:
        pytest.skip("no Python here that an ordinary user may run")
    home = tmp_path / "nobody"
    home.mkdir()
    os.chown(home, 65534, 65534)
    for folder in list(tmp_path.parents)[:-2]:
        folder.chmod(folder.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    script = (
        "from pathlib import Path\n"
        "from finhouse.oltp import EmbeddedServer\n"
        f"server = EmbeddedServer(Path({str(home)!r}))\n"
        "server.start(); print(server.is_running()); server.stop()\n"
    )
    packages = os.pathsep.join([str(PROJECT_ROOT), *(path for path in sys.path if path)])
    result = subprocess.run(
        [*NOBODY, python, "-c", script],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": packages},
        capture_output=True,
        text=True,
    )
    assert result.stdout == "True\n", result.stderr
