"""What a command is going to write, and what it leaves to a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from finhouse.errors import ConfigurationError


@dataclass
class Plan:
    """Files to be written below one folder.

    Attributes:
        root: the project's folder.
        new: path below ``root`` -> text of a file that is not there yet.
        changed: path below ``root`` -> whole new text of a file that is there.
        to_say: path below ``root`` -> what only a person can say there, a sentence each.
        remarks: what was decided that a reader would not expect.
        next_command: what to run next.
    """

    root: Path
    new: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    to_say: dict[str, list[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    next_command: str = ""

    def create(self, path: str, text: str, *to_say: str) -> None:
        """Add a new file, and what a person has to say in it.

        Raises:
            ConfigurationError: there is such a file already.
        """
        if path in self.new or (self.root / path).exists():
            raise ConfigurationError(
                f"{path} exists already",
                "choose another name, or edit that file: nothing was written",
            )
        self.new[path] = text
        self.ask(path, *to_say)

    def text(self, path: str) -> str:
        """The text of an existing file, with the changes of this plan.

        Raises:
            ConfigurationError: the file is not there.
        """
        if path in self.new:
            return self.new[path]
        if path in self.changed:
            return self.changed[path]
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read: {error.strerror}", "restore it: this command adds to it"
            ) from error

    def change(self, path: str, text: str, *to_say: str) -> None:
        """Give a file that is there another text."""
        (self.new if path in self.new else self.changed)[path] = text
        self.ask(path, *to_say)

    def has(self, path: str) -> bool:
        """Whether there is such a file, or will be."""
        return path in self.new or (self.root / path).exists()

    def ask(self, path: str, *to_say: str) -> None:
        """Add what only a person can say in a file."""
        if to_say:
            self.to_say.setdefault(path, []).extend(to_say)

    def write(self) -> None:
        """Write all files.

        Raises:
            ConfigurationError: one of them cannot be written, or appeared in the meantime.
        """
        try:
            for path, text in self.new.items():
                target = self.root / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("x", encoding="utf-8") as file:
                    file.write(text)
            for path, text in self.changed.items():
                (self.root / path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"{error.filename} cannot be written: {error.strerror}",
                "correct it, remove what `git status` shows as new, and run the command again",
            ) from error
