"""pg_dump and pg_restore, and which of them suit a server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import conninfo

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.oltp.server import program_path


@dataclass(frozen=True)
class ClientTools:
    """The client programs of one PostgreSQL version.

    Attributes:
        dump: path of pg_dump.
        restore: path of pg_restore.
    """

    dump: Path
    restore: Path

    @classmethod
    def for_server(cls, version: int) -> ClientTools:
        """Those of the embedded PostgreSQL, or on the PATH if the server is newer.

        Args:
            version: the server's major version.

        Raises:
            ConfigurationError: none that is new enough.
        """
        known = []
        for tools in _installed():
            found = _major_version(tools.dump)
            if found >= version:
                return tools
            known.append(f"{tools.dump} is version {found}")
        raise ConfigurationError(
            f"the Postgres warehouse has version {version}, and no pg_dump here is as new"
            f" ({'; '.join(known) or 'there is none'})",
            f"install the client programs of PostgreSQL {version} and put them on the PATH",
        )

    def run(self, program: Path, url: str, arguments: Sequence[str], doing: str) -> None:
        """Run one of them on a database; the password is in no command line.

        What it commits reaches the disk with the next ordinary commit on the server: pg_restore
        commits some thousand times.

        Raises:
            WarehouseError: it failed; its last lines are in the message.
        """
        parts = conninfo.conninfo_to_dict(url)
        password = parts.pop("password", None)
        result = subprocess.run(
            [str(program), f"--dbname={conninfo.make_conninfo(**parts)}", *arguments],
            env=os.environ
            | {"PGOPTIONS": "-c synchronous_commit=off"}
            | ({"PGPASSWORD": str(password)} if password else {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            end = "\n".join(result.stderr.strip().splitlines()[-5:])
            raise WarehouseError(
                f"{doing} failed ({program.name} ended with {result.returncode}):\n{end}",
                "see to what it says, then run the same command again; nothing was changed",
            )


def _installed() -> list[ClientTools]:
    found = []
    for dump, restore in (
        (program_path("pg_dump"), program_path("pg_restore")),
        (shutil.which("pg_dump"), shutil.which("pg_restore")),
    ):
        if dump and restore and Path(dump).exists():
            found.append(ClientTools(Path(dump), Path(restore)))
    return found


def _major_version(program: Path) -> int:
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True).stdout
    match = re.search(r"(\d+)", said)
    return int(match[1]) if match else 0
