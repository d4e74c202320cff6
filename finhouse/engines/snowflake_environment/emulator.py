"""The emulator's process, in Snowflake's environment: ``emulator.py PORT FOLDER``."""

from __future__ import annotations

import logging
import sys

import fakesnow.server
import uvicorn
from emulator_shims import apply_shims, emulated_account


def serve(port: int, folder: str) -> None:
    """Serve an account whose databases are in ``folder`` on loopback, until told to stop."""
    apply_shims()
    # Warns of everything that Snowflake has and DuckDB has not.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    fakesnow.server.shared_fs = emulated_account(folder)
    uvicorn.run(fakesnow.server.app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
