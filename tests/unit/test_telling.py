"""Whoever is to be told is told: by a webhook, by e-mail, or in the log alone."""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from finhouse.hosts import PLAIN_HOSTS
from finhouse.telling import ALERT_URL, NOTIFY_URLS, tell

NOWHERE = "http://127.0.0.1:9/"
TEXT = "Fraud rate too high\nsince yesterday"


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail as SMTP has it, without encryption or a password."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        super().__init__(("127.0.0.1", 0), MailSession)


class MailSession(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.mails.append(b"".join(lines))
            if verb == "RCPT":
                self.server.recipients.append(line)
            self._say("250 localhost" if verb == "EHLO" else "250 well")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def posted(nobody: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    """What a webhook has got."""
    got: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            got.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(ALERT_URL, f"http://127.0.0.1:{server.server_port}/hook")
    yield got
    server.shutdown()
    server.server_close()


def by_mail(server: MailServer) -> str:
    port = server.server_address[1]
    return f"mailto://127.0.0.1:{port}?from=house@example.org&to=risk@example.org&mode=insecure"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALERT_URL, raising=False)
    monkeypatch.delenv(NOTIFY_URLS, raising=False)


def test_without_addresses_the_log_is_told(caplog: pytest.LogCaptureFixture):
    assert tell(TEXT)
    assert f"ALERT: {TEXT}" in caplog.text


def test_a_webhook_gets_the_text(posted: list[dict[str, str]]):
    assert tell(TEXT)
    assert posted == [{"text": TEXT}]


def test_a_mail_has_the_first_line_as_its_subject(
    mail: MailServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(NOTIFY_URLS, by_mail(mail))
    assert tell(TEXT)
    [raw] = mail.mails
    message = message_from_bytes(raw)
    assert str(make_header(decode_header(message["Subject"]))) == "Fraud rate too high"
    texts = [
        part.get_payload(decode=True).decode()
        for part in message.walk()
        if part.get_content_maintype() == "text"
    ]
    assert any("since yesterday" in text for text in texts)
    assert "risk@example.org" in mail.recipients[0]


def test_one_that_cannot_be_reached_hides_no_other(
    posted: list[dict[str, str]],
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    password = "s3cret-word"
    monkeypatch.setenv(
        NOTIFY_URLS, f"json://user:{password}@127.0.0.1:9/ nonsense://{password} {by_mail(mail)}"
    )
    caplog.set_level(logging.ERROR, "finhouse")
    assert not tell(TEXT)
    assert posted and mail.mails
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name == "finhouse.telling")
    assert "address 1 of FINHOUSE_NOTIFY_URLS" in ours and "address 2 of" in ours
    assert password not in ours


def test_a_webhook_that_is_not_there_is_said_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv(ALERT_URL, NOWHERE)
    assert not tell(TEXT)
    assert f"could not be posted to {ALERT_URL}" in caplog.text


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        (ALERT_URL, "http://chat.example/hook"),
        (ALERT_URL, "HTTP://chat.example:80/hook"),
        (NOTIFY_URLS, "json://chat.example/hook"),
        (NOTIFY_URLS, "xml://chat.example"),
        (NOTIFY_URLS, "mailto://user:s3cret@chat.example?to=a@b.example"),
    ],
)
def test_nothing_is_told_in_plain_to_another_machine(
    variable: str,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    sent: list[str] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: sent.append("posted"))
    monkeypatch.setattr("apprise.Apprise.notify", lambda *_, **__: sent.append("notified"))
    monkeypatch.setenv(variable, address)
    assert not tell(TEXT)
    assert sent == [] and "in plain" in caplog.text and "s3cret" not in caplog.text
    monkeypatch.setenv(PLAIN_HOSTS, "chat.example")
    with suppress(AttributeError):
        tell(TEXT)
    assert len(sent) == 1


@pytest.mark.parametrize(
    "address", ["slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "jsons://chat.example"]
)
def test_services_with_tls_of_their_own_are_told(address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("apprise.Apprise.notify", lambda *_, **__: True)
    monkeypatch.setenv(NOTIFY_URLS, address)
    assert tell(TEXT)
