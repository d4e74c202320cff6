"""The Superset server: its environment, its folder, starting and stopping it.

Superset runs in an environment of its own (``.venv-superset``); all its state lies in one folder:
metadata database, secret key, passwords, caches and log.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from finhouse.background import BackgroundServer, read_port, start_on_free_port
from finhouse.children import run_child
from finhouse.dashboards.imports import LastImport
from finhouse.dashboards.readers import kept_text, private_text
from finhouse.errors import ConfigurationError, ServiceError
from finhouse.files import read_json, write_whole
from finhouse.settings import PROJECT_ROOT

INSIDE = Path(__file__).resolve().parent / "inside"
ENVIRONMENT = PROJECT_ROOT / ".venv-superset"
PREFERRED_PORT = 8088
START_SECONDS = 180
ROLES = ("admin", "analyst", "viewer")
_KEPT_VARIABLES = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR"),
    *("SUPERSET_SECRET_KEY", "FINHOUSE_QUERY_SECONDS"),
)
# Bumped when roles or metadata must be initialised again.
INITIALISED = "6.1.0/1"


class SupersetServer(BackgroundServer):
    """One Superset under ``home``; the server outlives the process that started it.

    Args:
        home: folder of all its state.
        environment: Superset's virtual environment.
    """

    def __init__(self, home: Path, environment: Path = ENVIRONMENT) -> None:
        super().__init__(home, "Superset")
        self.environment = environment
        self._port_file = home / "port"
        self._metadata = home / "superset.db"

    @property
    def url(self) -> str:
        """Address of the running server.

        Raises:
            ServiceError: it does not run.
        """
        if not self.is_running():
            raise ServiceError(f"the Superset in {self.home} is not running", "run `make serve`")
        return f"http://127.0.0.1:{read_port(self._port_file, 'make serve-stop serve')}"

    def passwords(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Password of each user: SUPERSET_<USER>_PASSWORD, else one generated on first use."""
        env = os.environ if env is None else env
        return {
            role: env.get(f"SUPERSET_{role.upper()}_PASSWORD")
            or private_text(self.home / "passwords" / role)
            for role in ROLES
        }

    def apply(self, bundle: Mapping[str, Any]) -> dict[str, Any]:
        """Bring Superset's metadata to what ``bundle`` says; return the report of the import.

        The report has ``dashboards`` and ``charts`` (their ids); ``imported`` and ``removed`` are
        empty where the metadata said so already.

        Raises:
            ConfigurationError: the environment is not there.
            ServiceError: Superset refused; the end of its message is in the error.
        """
        self._check_environment()
        secret = self.secret_key()
        (self.home / "cache" / "data").mkdir(parents=True, exist_ok=True)
        marker = self.home / "initialised"
        is_made = marker.exists() and self._metadata.exists()
        needed = not is_made or not _says(marker, INITIALISED)
        last = LastImport(self.home, self._metadata, secret)
        wanted = {**bundle, "made_by": (INSIDE / "bootstrap.py").read_text(encoding="utf-8")}
        if not needed and (known := last.report(wanted)):
            return known | {"imported": {}, "removed": {}}
        last.forget()
        report_file = self.home / "import.json"
        report_file.unlink(missing_ok=True)
        metadata = self._metadata_aside(keep=is_made) if needed else self._metadata
        result = run_child(
            [self._python, str(INSIDE / "bootstrap.py"), str(report_file)],
            # By a pipe: it holds passwords, and what is killed leaves no file behind.
            said=json.dumps({**bundle, "initialise": needed}),
            env=self._variables(metadata),
            cwd=self.home,
            capture_output=True,
        )
        if result.returncode or not report_file.exists():
            raise ServiceError(
                "Superset does not take the dashboards:\n"
                + "\n".join(result.stderr.strip().splitlines()[-12:]),
                f"correct what it names; `rm -r {self.home}` starts afresh",
            )
        if needed:
            metadata.replace(self._metadata)
            write_whole(marker, INITIALISED)
        report = read_json(report_file, _report, ServiceError, "run `make serve` again")
        last.remember(wanted, report)
        return report

    def secret_key(self) -> str:
        """Key of Superset's sessions, and of what it keeps encrypted: never replaced by itself."""
        file = self.home / "secret_key"
        if named := os.environ.get("SUPERSET_SECRET_KEY"):
            return named
        if not file.exists():
            return private_text(file)
        return kept_text(
            file,
            f"restore {file} from a backup; without one `rm -r {self.home}` starts Superset "
            "afresh, without what was made in it by hand",
        )

    def serve(self) -> str:
        """Start the server unless it runs; return its address once it answers.

        Raises:
            ConfigurationError: the environment is not there.
            ServiceError: it does not come up; the end of its log is in the message.
        """
        self._check_environment()
        if not self.is_running():
            start_on_free_port(PREFERRED_PORT, self.name, self._serve_on)
        return self.url

    def _serve_on(self, port: int) -> None:
        write_whole(self._port_file, str(port))
        self.start(self._command(port), self._variables(), partial(_answers, port), START_SECONDS)

    def clear_caches(self) -> None:
        """Forget all query results: the marts have been replaced."""
        for folder in ("data", "metadata"):
            for entry in (self.home / "cache" / folder).glob("*"):
                # The server may write or drop entries at the same moment.
                with contextlib.suppress(OSError):
                    entry.unlink()

    def _metadata_aside(self, *, keep: bool) -> Path:
        """Where to create or migrate the metadata: put in place once it is whole.

        A migration of SQLite that is killed half-way cannot be gone on with.

        Args:
            keep: start from the metadata that is there, of another version of Superset.
        """
        self.stop()
        aside = self._metadata.with_name("superset.db.incoming")
        for left in self.home.glob(f"{aside.name}*"):
            left.unlink()
        if keep and self._metadata.exists():
            shutil.copyfile(self._metadata, aside)
        return aside

    @property
    def _python(self) -> str:
        return str(self.environment / "bin" / "python")

    def _check_environment(self) -> None:
        if not (self.environment / "bin" / "superset").exists():
            raise ConfigurationError(
                f"Superset's environment {self.environment} is not there", "run `make serve`"
            )

    def _variables(self, metadata: Path | None = None) -> dict[str, str]:
        return {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ} | {
            "FINHOUSE_SUPERSET_HOME": str(self.home),
            "FINHOUSE_SUPERSET_METADATA": str(metadata or self._metadata),
            "SUPERSET_HOME": str(self.home),
            "SUPERSET_CONFIG_PATH": str(INSIDE / "superset_config.py"),
            "PYTHONPATH": str(INSIDE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "FLASK_APP": "superset.app:create_app()",
            "SCARF_ANALYTICS": "false",
            "DO_NOT_TRACK": "1",
        }

    def _command(self, port: int) -> list[str]:
        return [
            self._python,
            "-m",
            "gunicorn",
            f"--chdir={self.home}",
            f"--bind=127.0.0.1:{port}",
            "--workers=1",
            "--worker-class=gthread",
            # Queries of several users may wait for each other: more threads than they may take.
            "--threads=32",
            "--timeout=60",
            "--log-level=warning",
            # Without it gunicorn writes into the home folder of the user.
            "--no-control-socket",
            "superset.app:create_app()",
        ]


def _says(file: Path, text: str) -> bool:
    try:
        return file.read_bytes() == text.encode()
    except OSError:
        return False


def _report(found: Any) -> dict[str, Any]:
    if not isinstance(found["dashboards"], dict) or not isinstance(found["charts"], dict):
        raise TypeError
    return found


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
