"""Small files of our own: written whole or not at all, and read back with care.

A full disk, a killed process or a slip of the hand leaves a file empty, cut short, or with other
content than was written. Whoever reads it back gets its content as it was meant, or an error that
names the file, what is wrong with it and what makes it anew.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from finhouse.errors import FinhouseError

Content = TypeVar("Content")

# What code meets that takes content apart which is of another form.
_UNFIT = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)


def write_whole(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file so that it appears whole or not at all; what was there stays until then.

    Args:
        path: its folder is created.
        content: text is written as UTF-8.
        private: nobody but its owner may read it, whatever the umask.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of this call: two that write the same file do not write into each other's.
    incoming = path.with_name(f".{path.name}.{secrets.token_hex(4)}.incoming")
    data = content.encode() if isinstance(content, str) else content
    try:
        descriptor = os.open(
            incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o666
        )
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        incoming.replace(path)
    except BaseException:
        with suppress(OSError):
            incoming.unlink(missing_ok=True)
        raise


def read_back(
    path: Path, parse: Callable[[str], Content], error: type[FinhouseError], remedy: str
) -> Content:
    """Content of a text file as ``parse`` understands it.

    Args:
        parse: raises ValueError, KeyError, TypeError ... where the text is not what was written.
        error: kind of the error that is raised.
        remedy: what makes the file anew.

    Raises:
        FinhouseError: of kind ``error``; the file is missing, cannot be read or is damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as reason:
        raise error(f"{path} cannot be read: {reason.strerror}", remedy) from reason
    except UnicodeDecodeError as reason:
        raise error(f"{path} is damaged: it holds bytes that are not text", remedy) from reason
    if not text.strip():
        raise error(f"{path} is damaged: it is empty", remedy)
    try:
        return parse(text)
    except json.JSONDecodeError as reason:
        raise error(f"{path} is damaged: it is not JSON ({reason})", remedy) from reason
    except _UNFIT as reason:
        raise error(
            f"{path} is damaged: it holds something else than was written to it", remedy
        ) from reason


def read_json(
    path: Path, parse: Callable[[Any], Content], error: type[FinhouseError], remedy: str
) -> Content:
    """Content of a JSON file as ``parse`` understands it; arguments and errors as ``read_back``."""
    return read_back(path, lambda text: parse(json.loads(text)), error, remedy)


@contextmanager
def locked(path: Path, held: FinhouseError) -> Iterator[None]:
    """Keep other processes out while the block runs; a kill gives the lock back.

    Args:
        path: the file of the lock; its folder is created.
        held: raised where another process has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise held from None
        yield
