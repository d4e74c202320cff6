"""What the user sees while a command runs: steps, progress and tables."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.table import Table

# soft_wrap: output piped to a file keeps one line per message. Tables are made for 120 columns:
# in a narrower terminal wrapped lines are better than numbers cut off.
console = Console(
    soft_wrap=True, highlight=False, width=max(120, shutil.get_terminal_size((120, 24)).columns)
)


class Progress:
    """Progress of one long step: a line at most every ``every`` seconds, never more.

    Plain lines rather than a redrawn bar, so that a CI log and a terminal read alike.
    """

    def __init__(self, label: str, total: int | None, unit: str, every: float = 2.0) -> None:
        self.label, self.total, self.unit, self.every = label, total, unit, every
        self.done = 0
        self._started = self._printed = time.monotonic()

    def advance(self, amount: int) -> None:
        """Add ``amount`` units; prints when the last line is older than ``every`` seconds."""
        self.done += amount
        now = time.monotonic()
        if now - self._printed >= self.every:
            self._printed = now
            share = f" of {self.total:,} ({self.done / self.total:.0%})" if self.total else ""
            console.print(
                f"    {self.label}: {self.done:,}{share} {self.unit}, {now - self._started:.0f} s"
            )


@contextmanager
def heartbeat(label: str, every: float = 2.0) -> Iterator[None]:
    """Say every ``every`` seconds that one long step, of unknown length, still goes on."""
    done = threading.Event()

    def beat() -> None:
        started = time.monotonic()
        while not done.wait(every):
            console.print(f"    {label}: {time.monotonic() - started:.0f} s", markup=False)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def step(title: str, timings: dict[str, float] | None = None) -> Iterator[None]:
    """Announce a step, then say how long it took; record seconds under ``title`` if asked."""
    console.print(f"[bold]{title}[/bold]")
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    if timings is not None:
        timings[title] = seconds
    console.print(f"  done in {seconds:.1f} s")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[str] = ()
) -> None:
    """Print rows under a title; columns named in ``numeric`` are right-aligned.

    Where the rows are wider than the screen, the last column takes several lines; the others stay
    whole, as they hold what other commands are told.
    """
    table = Table(
        title=title, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for column in columns:
        justify = "right" if column in numeric else "left"
        table.add_column(column, justify=justify, no_wrap=column != columns[-1])
    for row in rows:
        table.add_row(*row)
    console.print(table)
