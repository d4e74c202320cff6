"""Sessions live on the server, and what was ended stays ended.

A session store alone is not enough: a request still running at the log-out saves the session it
began with, user and all.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from cachelib.file import FileSystemCache
from flask import current_app, session

LIFETIME = timedelta(hours=12)
_HOME = Path(os.environ["FINHOUSE_SUPERSET_HOME"])
STORE = FileSystemCache(str(_HOME / "sessions"), threshold=5000, mode=0o600)
_ENDED = FileSystemCache(str(_HOME / "sessions-ended"), threshold=0, mode=0o600)


def begin_session() -> None:
    """Give the session of this request a new name: what was known before the log-in is none."""
    current_app.session_interface.regenerate(session)


def end_session() -> None:
    """Let the session of this request open nothing any more."""
    _ENDED.set(session.sid, True, timeout=int(LIFETIME.total_seconds()))


def is_ended() -> bool:
    """Whether somebody logged out of the session of this request."""
    identifier = getattr(session, "sid", None)
    return identifier is not None and _ENDED.has(identifier)
