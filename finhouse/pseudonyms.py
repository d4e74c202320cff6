"""Pseudonyms: in place of a value a token, the same wherever the value is, that a key makes.

A token is HMAC-SHA256 of the value's text under a key of the user's own, in hexadecimal. Without
the key nobody can tell the value of a token, nor find the token of a value that they know.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from finhouse.errors import ConfigurationError
from finhouse.files import read_back, write_whole
from finhouse.keys import given_key, key_lines, write_key_file
from finhouse.settings import Settings

KEY, KEY_FILE = "FINHOUSE_PSEUDONYM_KEY", "FINHOUSE_PSEUDONYM_KEY_FILE"
_DIGEST = "sha256"
_KEY_BYTES = 32
_HEXADECIMAL = re.compile(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}", re.IGNORECASE)
# No text of a database holds a zero byte: what begins with one is the input of no token.
_FINGERPRINT, _DERIVED = b"\0fingerprint", b"\0"
_FINGERPRINT_DIGITS = 16
# The key of the demo company, which nobody else's rows are read with.
DEMO_KEY_FILE = "pseudonym.key"


@dataclass(frozen=True)
class PseudonymKey:
    """The key that tokens are made with; it is neither shown, nor sent to a database."""

    secret: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str, where: str) -> PseudonymKey:
        """A key as `finhouse pseudonym-key` writes it.

        Args:
            where: what names it, for the message; the key itself is never shown.

        Raises:
            ConfigurationError: it is no key.
        """
        try:
            return cls(_secret(text))
        except ValueError as error:
            raise ConfigurationError(
                f"{where} holds no key: it takes {2 * _KEY_BYTES} hexadecimal digits",
                "make one with `finhouse pseudonym-key FILE`",
            ) from error

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> PseudonymKey | None:
        """The key that ``FINHOUSE_PSEUDONYM_KEY`` holds or ``..._KEY_FILE`` names, if any.

        Raises:
            ConfigurationError: both are set, the file cannot be read, or it is no key.
        """
        given = given_key(KEY, KEY_FILE, env)
        return cls.parse(given.text, given.where) if given else None

    @property
    def fingerprint(self) -> str:
        """Tells keys apart, and nothing about them."""
        return self.token(_FINGERPRINT)[:_FINGERPRINT_DIGITS]

    def token(self, value: str | bytes) -> str:
        """The token of a value: 64 hexadecimal digits.

        Args:
            value: its text; bytes are text in UTF-8.
        """
        data = value.encode() if isinstance(value, str) else value
        return hmac.digest(self.secret, data, _DIGEST).hex()

    def derived(self, purpose: str) -> PseudonymKey:
        """Another key, for a purpose of its own: its tokens do not join with those of this one."""
        return PseudonymKey(hmac.digest(self.secret, _DERIVED + purpose.encode(), _DIGEST))


def pseudonym_key(settings: Settings, *, of_demo: bool) -> PseudonymKey | None:
    """The key of the environment; for the demo company, where none is set, its house's own.

    Args:
        of_demo: whether the rows are the demo company's: those of the embedded server.

    Raises:
        ConfigurationError: the key cannot be read, or is no key.
    """
    key = PseudonymKey.from_environment()
    return _demo_key(settings.home / DEMO_KEY_FILE) if key is None and of_demo else key


def write_key(file: Path) -> PseudonymKey:
    """Make a new key, and write it to a file that its user alone can read.

    Raises:
        ConfigurationError: there is such a file: a key is never written over.
    """
    key = PseudonymKey(secrets.token_bytes(_KEY_BYTES))
    write_key_file(file, _content(key), "without a key that is lost, no new token joins old ones")
    return key


def _demo_key(file: Path) -> PseudonymKey:
    if not file.exists():
        write_whole(file, _content(PseudonymKey(secrets.token_bytes(_KEY_BYTES))), private=True)
    return read_back(
        file,
        lambda text: PseudonymKey(_secret(text)),
        ConfigurationError,
        "remove it, and load with --full-refresh what is pseudonymised: a new key is made",
    )


def _content(key: PseudonymKey) -> str:
    return f"# fingerprint: {key.fingerprint}\n{key.secret.hex()}\n"


def _secret(text: str) -> bytes:
    [digits] = key_lines(text)
    if not _HEXADECIMAL.fullmatch(digits):
        raise ValueError("not a key")
    return bytes.fromhex(digits)
