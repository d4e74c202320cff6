"""Running the API: here until it is stopped, or in the background of this machine."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvicorn

from finhouse.api.addresses import is_loopback
from finhouse.api.app import create_app
from finhouse.api.guard import Admission
from finhouse.api.keys import KeyRing
from finhouse.api.observing import LOGGER
from finhouse.api.project import Project
from finhouse.api.reading import open_publications
from finhouse.background import BackgroundServer, read_port, start_on_free_port
from finhouse.domains import selected_domains
from finhouse.errors import ConfigurationError, ServiceError
from finhouse.files import write_whole
from finhouse.settings import Settings

LOOPBACK = "127.0.0.1"
PREFERRED_PORT = 8090
START_SECONDS = 60


@dataclass(frozen=True)
class Serving:
    """How the API is to be served.

    Attributes:
        host, port: what it listens on.
        require_key: ask for a key also on this machine.
        per_second: requests a second of one key.
    """

    host: str = LOOPBACK
    port: int = PREFERRED_PORT
    require_key: bool = False
    per_second: int = 60

    @property
    def needs_key(self) -> bool:
        """Whoever may ask from elsewhere must have one."""
        return self.require_key or not is_loopback(self.host)


def run_api(settings: Settings, serving: Serving) -> None:
    """Serve until the process is stopped; the log goes to stderr, a line of JSON an entry.

    Raises:
        ConfigurationError: a key is needed, and there is none.
        WarehouseError: the reader's role cannot be made.
    """
    keys = checked_keys(settings, serving)
    app = create_app(
        Project(settings, tuple(selected_domains())),
        open_publications(settings),
        keys,
        Admission(serving.needs_key, serving.per_second),
    )
    uvicorn.run(
        app,
        host=serving.host,
        port=serving.port,
        log_config=_LOGGING,
        # Each request is logged by the application, with more than uvicorn knows.
        access_log=False,
        server_header=False,
        # Of uvicorn's two parsers the one that ends a request whose head does not: at 64 KiB.
        http="h11",
        # The application is told who asks by the proxy in front, if that runs on this machine.
        proxy_headers=True,
        # Longer than a client's pool holds a connection: by itself it is closed after five seconds,
        # and a request that a busy client sends at that moment has no answer.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


def checked_keys(settings: Settings, serving: Serving) -> KeyRing:
    """The keys, readable, and at least one where one is needed.

    Raises:
        ConfigurationError: there is none, or others may read them.
    """
    keys = KeyRing(settings.api_home)
    if not keys.all() and serving.needs_key:
        raise ConfigurationError(
            f"the API is to listen on {serving.host} and ask for a key, and there is none",
            "make one: `finhouse api keys add NAME`; on 127.0.0.1 none is needed",
        )
    return keys


class ApiServer(BackgroundServer):
    """The API on this machine alone; it outlives the command that started it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.api_home, "API")
        self._settings = settings
        self._port_file = self.home / "port"
        self._manner_file = self.home / "started_as"

    @property
    def url(self) -> str:
        """Address of the running server.

        Raises:
            ServiceError: it does not run.
        """
        if not self.is_running():
            raise ServiceError(f"the API of {self.home} is not running", "run `make api`")
        return f"http://{LOOPBACK}:{read_port(self._port_file, 'make api-stop api')}"

    def serve(self, *, require_key: bool = False) -> str:
        """Start the server unless it runs as it is asked to; return its address once it answers.

        Raises:
            ConfigurationError: as ``run_api``.
            ServiceError: it does not come up; the end of its log is in the message.
        """
        checked_keys(self._settings, Serving(require_key=require_key))
        manner = json.dumps([self._settings.target, *selected_domains(), require_key])
        if self.is_running() and not self._runs_as(manner):
            self.stop()
        if not self.is_running():
            write_whole(self._manner_file, manner)
            start = partial(self._serve_on, require_key=require_key)
            start_on_free_port(PREFERRED_PORT, self.name, start)
        return self.url

    def _runs_as(self, manner: str) -> bool:
        try:
            return self._manner_file.read_bytes() == manner.encode()
        except OSError:
            return False

    def _serve_on(self, port: int, *, require_key: bool) -> None:
        write_whole(self._port_file, str(port))
        command = [sys.executable, "-m", "finhouse", "--target", self._settings.target, "api"]
        command += ["run", "--port", str(port), *(["--require-key"] if require_key else [])]
        env = os.environ | {
            "FINHOUSE_HOME": str(self._settings.home),
            "FINHOUSE_TARGET": self._settings.target,
        }
        self.start(command, env, partial(_answers, port), START_SECONDS)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/health", timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "finhouse.api.observing.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {
        LOGGER: {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "psycopg.pool": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
