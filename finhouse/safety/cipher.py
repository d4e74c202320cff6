"""Files of a backup, encrypted with a key of the user's own: age (X25519, ChaCha20-Poly1305).

Each file can be read without finhouse: ``age --decrypt --identity KEYFILE warehouse.duckdb.age``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
from pyrage import x25519

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.keys import given_key, key_lines, write_key_file

KEY, KEY_FILE = "FINHOUSE_BACKUP_KEY", "FINHOUSE_BACKUP_KEY_FILE"
ENDING = ".age"
_SECRET, _PUBLIC = "AGE-SECRET-KEY-1", "age1"


@dataclass(frozen=True)
class BackupKey:
    """A key of age: its public half encrypts, its secret half decrypts.

    Attributes:
        public: age1...
        identity: the secret half; None where only backups are made.
    """

    public: str
    identity: x25519.Identity | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, where: str) -> BackupKey:
        """A key as `age-keygen` and `finhouse backup-key` write it.

        Args:
            where: what names it, for the message; the key itself is never shown.

        Raises:
            ConfigurationError: it is no key.
        """
        try:
            [key] = key_lines(text)
            if key.startswith(_PUBLIC):
                return cls(str(x25519.Recipient.from_str(key)))
            identity = x25519.Identity.from_str(key)
        except (ValueError, pyrage.IdentityError, pyrage.RecipientError) as error:
            raise ConfigurationError(
                f"{where} holds no key: it takes one {_SECRET}..., or one {_PUBLIC}... where"
                " backups are only made",
                "make one with `finhouse backup-key FILE`",
            ) from error
        return cls(str(identity.to_public()), identity)

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> BackupKey | None:
        """The key that ``FINHOUSE_BACKUP_KEY`` holds or ``FINHOUSE_BACKUP_KEY_FILE`` names.

        Raises:
            ConfigurationError: both are set, the file cannot be read, or it is no key.
        """
        given = given_key(KEY, KEY_FILE, env)
        return cls.parse(given.text, given.where) if given else None

    def encrypt(self, source: Path, destination: Path) -> None:
        """Encrypt a file, a piece at a time."""
        recipient = x25519.Recipient.from_str(self.public)
        pyrage.encrypt_file(str(source), str(destination), [recipient])

    def check(self, backup: str, encrypted_for: str) -> None:
        """Refuse a backup that this key does not open.

        Raises:
            ConfigurationError: it is of another key, or the secret half is not here.
        """
        if self.public != encrypted_for:
            raise ConfigurationError(
                f"backup {backup} is encrypted for {encrypted_for}, and the key here is that of"
                f" {self.public}",
                f"let {KEY_FILE} name the key file whose public key is {encrypted_for}",
            )
        if self.identity is None:
            raise ConfigurationError(
                f"backup {backup} needs the secret half of {encrypted_for}: the key here is the"
                " public one, which encrypts alone",
                f"let {KEY_FILE} name the file with {_SECRET}...",
            )

    def decrypt(self, source: Path, destination: Path) -> None:
        """Decrypt a file whose key this is (``check``).

        Raises:
            WarehouseError: it is damaged or cut short, or not what the key was used for.
        """
        try:
            pyrage.decrypt_file(str(source), str(destination), [self.identity])
        except pyrage.DecryptError as error:
            raise _damaged(source, error) from error
        except OSError as error:
            # One without a number is age's own: a piece does not bear its seal.
            if error.errno is None:
                raise _damaged(source, error) from error
            raise


def _damaged(source: Path, error: Exception) -> WarehouseError:
    return WarehouseError(
        f"backup file {source} cannot be decrypted: {error}; nothing was changed",
        "restore another backup, or copy this one again from where it is kept",
    )


def write_key(file: Path) -> BackupKey:
    """Make a new key, and write it to a file that its user alone can read.

    Raises:
        ConfigurationError: there is such a file: a key is never written over.
    """
    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    write_key_file(
        file,
        f"# public key: {public}\n{identity}\n",
        "a key that is lost opens no backup any more",
    )
    return BackupKey(public, identity)
