"""Keys that a user gives: by a variable, or by the file that another variable names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from finhouse.errors import ConfigurationError
from finhouse.files import write_whole


@dataclass(frozen=True)
class GivenKey:
    """A key as it was given.

    Attributes:
        text: what the variable or the file holds.
        where: the variable or the file, for messages: the key itself is never shown.
    """

    text: str = field(repr=False)
    where: str


def key_lines(text: str) -> list[str]:
    """The lines of a key, but for comments and empty ones."""
    stripped = [line.strip() for line in text.splitlines()]
    return [line for line in stripped if line and not line.startswith("#")]


def given_key(
    variable: str, file_variable: str, env: Mapping[str, str] | None = None
) -> GivenKey | None:
    """The key that ``variable`` holds or ``file_variable`` names a file of; None without either.

    Raises:
        ConfigurationError: both are set, or the file cannot be read.
    """
    env = os.environ if env is None else env
    text, file = env.get(variable), env.get(file_variable)
    if text and file:
        raise ConfigurationError(f"{variable} and {file_variable} are both set", "set one of them")
    if text:
        return GivenKey(text, variable)
    if not file:
        return None
    try:
        return GivenKey(Path(file).expanduser().read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ConfigurationError(
            f"the key file {file} cannot be read: {reason}",
            f"correct {file_variable}, or the rights of the file",
        ) from error


def write_key_file(file: Path, content: str, when_lost: str) -> None:
    """Write a key to a new file that its user alone can read.

    Args:
        when_lost: what becomes of things without the key, for the message.

    Raises:
        ConfigurationError: there is such a file, as a key is never written over; or it cannot be
            written.
    """
    if file.exists():
        raise ConfigurationError(
            f"{file} is there already: {when_lost}",
            "name another file",
        )
    try:
        write_whole(file, content, private=True)
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror}", "name another file"
        ) from error
