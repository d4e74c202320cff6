"""A real PostgreSQL with a certificate of its own making: who gets in, and who is told why not."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg import conninfo

from finhouse.errors import ConfigurationError, SourceError
from finhouse.warehouse.postgres_connection import connect_postgres
from tests.support.warehouse import ThrowAwayServer

# What libpq sends before anything else, where it wants TLS.
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@dataclass(frozen=True)
class Sealed:
    """A server with a certificate for 127.0.0.1, and the file of who has signed it."""

    url: str
    authority: Path

    def address(self, host: str, **parameters: str) -> str:
        """The server, by the name that is given to its host."""
        parts = conninfo.conninfo_to_dict(self.url)
        return conninfo.make_conninfo(**parts | {"host": host} | parameters)


class Front(socketserver.ThreadingTCPServer):
    """TLS in front of a PostgreSQL whose build has none: the embedded one's.

    It answers libpq's request for TLS, ends it, and hands on what it reads.
    """

    daemon_threads = True

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self.port, self.tls = port, tls
        super().__init__(("127.0.0.1", 0), Handing)


class Handing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Front)
        if self.request.recv(8) != SSL_REQUEST:
            return
        self.request.sendall(b"S")
        try:
            client = self.server.tls.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            # It does not like the certificate.
            return
        with client, socket.create_connection(("127.0.0.1", self.server.port)) as server:
            back = threading.Thread(target=hand_on, args=(server, client), daemon=True)
            back.start()
            hand_on(client, server)
            back.join(5)


def hand_on(source: socket.socket, destination: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            destination.sendall(data)
        destination.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def sealed(
    oltp_server: ThrowAwayServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sealed]:
    folder = tmp_path_factory.mktemp("sealed")
    key, certificate = folder / "server.key", folder / "server.crt"
    made = subprocess.run(
        [
            *("openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-newkey", "rsa:2048"),
            *("-subj", "/CN=finhouse.test", "-keyout", str(key), "-out", str(certificate)),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    tls.set_alpn_protocols(["postgresql"])
    parts = conninfo.conninfo_to_dict(oltp_server.url("postgres"))
    with Front(int(str(parts["port"])), tls) as front:
        threading.Thread(target=front.serve_forever, daemon=True).start()
        port = str(front.server_address[1])
        yield Sealed(conninfo.make_conninfo(**parts | {"port": port}), certificate)
        front.shutdown()


@pytest.fixture(autouse=True)
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 counts as another machine: there is no other one to connect to."""
    monkeypatch.setattr("finhouse.hosts.is_here", lambda host: host == "")


def connect(address: str) -> bool:
    """Connect as the loader does; whether the connection is encrypted."""
    with connect_postgres(address, {}, "the OLTP", "OLTP_URL", SourceError) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        return bool(connection.pgconn.ssl_in_use)


def test_an_address_without_a_word_on_tls_is_refused_though_the_server_has_it(sealed: Sealed):
    with pytest.raises(
        ConfigurationError, match=r"OLTP_URL leads to 127\.0\.0\.1 off this machine"
    ):
        connect(sealed.url)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_modes_that_encrypt_get_in_encrypted(sealed: Sealed, mode: str):
    assert connect(sealed.address("127.0.0.1", sslmode=mode, sslrootcert=str(sealed.authority)))


def test_verify_full_refuses_what_it_cannot_verify(sealed: Sealed, tmp_path: Path):
    """Nobody vouches for the certificate; or it is that of another host."""
    with pytest.raises(SourceError, match="certificate"):
        connect(sealed.address("127.0.0.1", sslmode="verify-full", sslrootcert="system"))
    other = sealed.address(
        "db.example",
        hostaddr="127.0.0.1",
        sslmode="verify-full",
        sslrootcert=str(sealed.authority),
    )
    with pytest.raises(SourceError, match=r'"db\.example"'):
        connect(other)


def test_require_takes_any_certificate_and_the_setting_insists_on_more(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
):
    address = sealed.address("127.0.0.1", sslmode="require")
    assert connect(address)
    monkeypatch.setenv("FINHOUSE_TLS", "verified")
    with pytest.raises(ConfigurationError, match="sslmode=require"):
        connect(address)


def test_a_server_without_tls_is_not_talked_to_in_plain(oltp_server: ThrowAwayServer):
    parts = conninfo.conninfo_to_dict(oltp_server.url("postgres"))
    with pytest.raises(SourceError, match="does not support SSL"):
        connect(conninfo.make_conninfo(**parts | {"sslmode": "require"}))


def test_a_host_that_may_be_reached_in_plain_is(
    oltp_server: ThrowAwayServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FINHOUSE_PLAIN_HOSTS", "127.0.0.1")
    assert connect(oltp_server.url("postgres")) is False


def test_nothing_is_sent_to_an_address_that_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(1)
        port = listening.getsockname()[1]
        with pytest.raises(ConfigurationError):
            connect(f"postgresql://u:secret@127.0.0.1:{port}/d")
        with pytest.raises(TimeoutError):
            listening.accept()
